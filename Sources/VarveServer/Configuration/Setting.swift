// Setting.swift — the table that ties the key of each setting to its place in the configuration.

import Configuration

/// One setting.
///
/// The key is the one of the file (`{"mqtt": {"port": 11883}}`, `{"data.group": "plant"}`). The variable of `mqtt.port`
/// is `VARVE_MQTT_PORT`.
struct Setting: Sendable {
    let key: String
    let isNumber: Bool
    let read: @Sendable (ConfigReader, inout ServerConfiguration) throws -> Void
    let content: @Sendable (ServerConfiguration) -> ConfigContent

    /// All settings, in the order of `--print-config`.
    static let all: [Setting] = [
        text("data", \.data),
        text("data.group", \.dataGroup),
        text("mqtt.host", \.mqttHost),
        number("mqtt.port", \.mqttPort),
        number("mqtt.tlsPort", \.mqttTLSPort),
        text("mqtt.tlsHost", \.mqttTLSHost),
        text("mqtt.tlsCertificate", \.mqttTLSCertificate),
        text("mqtt.tlsKey", \.mqttTLSKey),
        text("mqtt.tlsClientAuthority", \.mqttTLSClientAuthority),
        mode("broker.mode"),
        text("broker.authority", \.brokerAuthority),
        text("broker.certificate", \.brokerCertificate),
        text("broker.key", \.brokerKey),
        text("broker.executable", \.brokerExecutable),
        text("broker.plugin", \.brokerPlugin),
        number("broker.queueBytes", \.brokerQueueBytes),
        number("broker.connections", \.brokerConnections),
        number("limits.payloadBytes", \.payloadBytes),
        number("ingest.batchMessages", \.batchMessages),
        number("ingest.batchBytes", \.batchBytes),
        number("scripts.processes", \.scriptProcesses),
        number("merge.bytesPerSecond", \.mergeBytesPerSecond),
        number("log.bytes", \.logBytes),
        text("log.keep", \.logKeep),
        number("log.payloadBytes", \.logPayloadBytes),
        text("log.level", \.logLevel),
    ]

    static func path(_ key: String) -> AbsoluteConfigKey {
        AbsoluteConfigKey(key.split(separator: ".").map(String.init))
    }

    private static func text(
        _ key: String, _ place: any WritableKeyPath<ServerConfiguration, String> & Sendable
    ) -> Setting {
        Setting(
            key: key, isNumber: false,
            read: { reader, result in
                result[keyPath: place] = try value(key) { try reader.requiredString(forKey: ConfigKey(key)) }
            },
            content: { .string($0[keyPath: place]) })
    }

    private static func number(
        _ key: String, _ place: any WritableKeyPath<ServerConfiguration, Int> & Sendable
    ) -> Setting {
        Setting(
            key: key, isNumber: true,
            read: { reader, result in
                result[keyPath: place] = try value(key) { try reader.requiredInt(forKey: ConfigKey(key)) }
            },
            content: { .int($0[keyPath: place]) })
    }

    private static func mode(_ key: String) -> Setting {
        Setting(
            key: key, isNumber: false,
            read: { reader, result in
                let name = try value(key) { try reader.requiredString(forKey: ConfigKey(key)) }
                guard let mode = BrokerMode(rawValue: name) else {
                    throw ServerError("\(key) is \(name): use managed or external")
                }
                result.brokerMode = mode
            },
            content: { .string($0.brokerMode.rawValue) })
    }

    /// Reads a value; every setting has a default, so a failure means a value of the wrong type.
    ///
    /// - Throws: `ServerError`.
    private static func value<Value>(_ key: String, _ read: () throws -> Value) throws -> Value {
        do {
            return try read()
        } catch {
            throw ServerError("\(key) has a value of the wrong type: \(error)")
        }
    }
}
