// ServerConfiguration+JSON.swift — the settings as `varve serve --print-config` shows them: a file that can be used.

import Configuration
import VarveModel
import VarveText

extension ServerConfiguration {
    /// The settings as a configuration file.
    public var json: String {
        var lines: [String] = []
        var group = ""
        for setting in Setting.all {
            let parts = setting.key.split(separator: ".").map(String.init)
            // `data` is a setting itself, so `data.group` stands beside it as it is.
            let isNested = parts.count > 1 && !Setting.all.contains { $0.key == parts[0] }
            let section = isNested ? parts[0] : ""
            if section != group {
                if !group.isEmpty { lines.append("  },") }
                if !section.isEmpty { lines.append("  \(Self.quoted(section)): {") }
                group = section
            }
            let indent = section.isEmpty ? "  " : "    "
            lines.append(
                "\(indent)\(Self.quoted(isNested ? parts[parts.count - 1] : setting.key)): \(Self.text(setting.content(self))),"
            )
        }
        if !group.isEmpty { lines.append("  }") }
        // The last member of an object has no comma.
        for index in lines.indices.dropLast()
        where lines[index + 1].hasPrefix("  }") && lines[index].hasSuffix(",") {
            lines[index].removeLast()
        }
        return "{\n" + lines.joined(separator: "\n") + "\n}"
    }

    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONQuoting.append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func text(_ content: ConfigContent) -> String {
        switch content {
        case .int(let number): String(number)
        case .string(let text): Self.quoted(text)
        default: "null"
        }
    }
}
