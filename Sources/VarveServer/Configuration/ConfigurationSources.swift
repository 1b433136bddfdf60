// ConfigurationSources.swift — where settings come from: flags, then `VARVE_…` variables, then the file, then defaults.
//
// A setting with a value of the wrong type is an error; the next source is not asked. A key of the file that belongs to
// no setting is an error too.

import Configuration
import VarveFile
import VarveText

/// The sources of the settings.
public struct ConfigurationSources: Sendable {
    /// Values given on the command line, by the key of the setting.
    public var flags: [String: String] = [:]
    /// The process's environment variables.
    public var environment: [String: String] = [:]
    /// The configuration file, in JSON, or nil for none.
    public var file: String?

    /// Makes empty sources.
    public init() {}

    /// Reads and checks the settings.
    ///
    /// - Throws: `ServerError` if the file or a value cannot be used.
    public func configuration() async throws -> ServerConfiguration {
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: flagValues()),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "varve"),
        ]
        if let file {
            try checkKeys(of: file)
            let path = ConfigReader(
                provider: InMemoryProvider(values: ["filePath": .init(stringLiteral: file)]))
            do {
                providers.append(try await FileProvider<JSONSnapshot>(config: path))
            } catch {
                throw ServerError("the configuration file \(file) cannot be used: \(error)")
            }
        }
        providers.append(InMemoryProvider(name: "defaults", values: Self.defaults))
        var result = ServerConfiguration()
        let reader = ConfigReader(providers: providers)
        for setting in Setting.all { try setting.read(reader, &result) }
        try result.check()
        return result
    }

    /// The flags; the text of a numeric setting becomes a number if it is one.
    private func flagValues() -> [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, text) in flags {
            let isNumber = Setting.all.contains { $0.key == key && $0.isNumber }
            let content: ConfigContent =
                if isNumber, let number = Int(text) { .int(number) } else { .string(text) }
            values[Setting.path(key)] = ConfigValue(content, isSecret: false)
        }
        return values
    }

    private static var defaults: [AbsoluteConfigKey: ConfigValue] {
        let configuration = ServerConfiguration()
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for setting in Setting.all {
            values[Setting.path(setting.key)] = ConfigValue(setting.content(configuration), isSecret: false)
        }
        return values
    }

    /// Refuses keys that no setting has: a misspelt key would silently leave the default in place.
    ///
    /// - Throws: `ServerError` if the file has such a key, cannot be read or is not a JSON object.
    private func checkKeys(of file: String) throws {
        let bytes: [UInt8]
        do {
            bytes = try POSIXFileSystem().readAll(file, limit: 1 << 20)
        } catch {
            throw ServerError("the configuration file cannot be read: \(error)")
        }
        let keys: [String]
        do throws(JSONFailure) {
            keys = try JSONKeys.paths(in: bytes)
        } catch {
            throw ServerError("the configuration file \(file) is not a JSON object")
        }
        for key in keys.sorted() where !Setting.all.contains(where: { $0.key == key }) {
            throw ServerError(
                "the configuration file \(file) has \(key), which is not a setting; varve serve --print-config shows all"
            )
        }
    }
}
