// ServerConfiguration+JSON.swift — the settings as `varve serve --print-config` shows them: a file that can be used.

import Configuration
import VarveModel
import VarveText

extension ServerConfiguration {
    /// The settings as a configuration file.
    public var json: String {
        var members: [(name: String, value: JSONText)] = []
        var section: (name: String, members: [(name: String, value: JSONText)])?
        for setting in Setting.all {
            let parts = setting.key.split(separator: ".").map(String.init)
            // `data` is a setting itself, so `data.group` is a member beside it, under its whole key.
            let isNested = parts.count > 1 && !Setting.all.contains { $0.key == parts[0] }
            if let ended = section, !isNested || ended.name != parts[0] {
                members.append((ended.name, .object(ended.members)))
                section = nil
            }
            let value = Self.value(setting.content(self))
            if isNested {
                section = section ?? (parts[0], [])
                section?.members.append((parts[parts.count - 1], value))
            } else {
                members.append((setting.key, value))
            }
        }
        if let section { members.append((section.name, .object(section.members))) }
        return JSONText.object(members).indented()
    }

    private static func value(_ content: ConfigContent) -> JSONText {
        switch content {
        case .int(let number): .integer(Int64(number))
        case .string(let text): .string(text)
        default: .null
        }
    }
}
