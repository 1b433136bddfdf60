// ServerConfiguration.swift — every setting of the service, with its default and its limits.
//
// Invariants:
// - After `check` every number is in range, and the service's own broker listens on a loopback address.

import VarveChannel
import VarveFile
import VarveModel
import VarveText

/// Who runs the broker.
public enum BrokerMode: String, CaseIterable, Sendable {
    /// The service starts and watches a mosquitto of its own.
    case managed
    /// Somebody else runs a mosquitto with Varve's plugin; the service only connects to it.
    case external
}

/// The settings of the service.
public struct ServerConfiguration: Sendable, Equatable {
    /// The path of the data directory.
    public var data = DirectoryNames.standard
    /// The group whose members may query and export; empty for none.
    public var dataGroup = ""
    /// The broker's host name or address; clients, and the service with an external broker, connect to it.
    public var mqttHost = BrokerAddress.standard.host
    /// The broker's port without TLS; 0 for none, so that it listens with TLS alone.
    public var mqttPort = BrokerAddress.standard.port
    /// The port on which the broker speaks TLS; 0 for none.
    public var mqttTLSPort = 0
    /// Where the broker listens for TLS; empty for `mqttHost`.
    public var mqttTLSHost = ""
    /// The broker's certificate and its key, PEM files; both empty for those that `varve channel tls` makes.
    public var mqttTLSCertificate = "", mqttTLSKey = ""
    /// The certificate of the authority whose clients are let in, a PEM file; empty to ask for no client certificate.
    ///
    /// A client must log in besides.
    public var mqttTLSClientAuthority = ""
    /// Who runs the broker.
    public var brokerMode = BrokerMode.managed
    /// The certificate of the authority that has signed that of an external broker, a PEM file.
    ///
    /// Empty for the authority that `varve channel tls` makes, if there is one, else for those of the system.
    public var brokerAuthority = ""
    /// The certificate that the service shows to an external broker, and its key, PEM files; both empty to show none.
    public var brokerCertificate = "", brokerKey = ""
    /// The mosquitto executable: a path, or a name that is searched in PATH, /usr/sbin and /usr/local/sbin.
    public var brokerExecutable = "mosquitto"
    /// The path of the broker plugin; if empty, it is searched beside the service and in ../lib/varve.
    public var brokerPlugin = ""
    /// The bytes of messages that may wait in the broker: payload, topic, properties and 1 KiB for each message.
    ///
    /// The broker takes up to twice as much memory and 192 MiB; its database on disk takes as much.
    public var brokerQueueBytes = 128 << 20
    /// The clients that may be connected to the broker at a time; one product may have three quarters of them.
    public var brokerConnections = 1000
    /// The largest payload of a message, in bytes; a larger one is answered 1008.
    public var payloadBytes = 1 << 20
    /// The most messages that one commit takes.
    public var batchMessages = 4096
    /// The most bytes of one commit's messages, with their topics and senders; a larger message is committed alone.
    public var batchBytes = 16 << 20
    /// The most processes that run parsing scripts; each product with custom payloads needs one while it sends.
    public var scriptProcesses = 4
    /// The bytes a second that merges which the service starts by itself read and write; 0 for no limit.
    public var mergeBytesPerSecond = 128 << 20
    /// The largest size of the message log on disk, in bytes.
    public var logBytes = 64 << 20
    /// How long the message log keeps entries, such as `90d`; empty for as long as there is room.
    public var logKeep = ""
    /// How much of each payload the message log keeps, in bytes.
    public var logPayloadBytes = 4096
    /// The lowest level of the reports on standard error.
    public var logLevel = "info"

    /// Makes a configuration with all defaults.
    public init() {}

    /// Checks that every value is in range and that the service's own broker serves this machine only.
    ///
    /// - Throws: `ServerError` for the first value that cannot be used.
    public func check() throws(ServerError) {
        try range("mqtt.port", mqttPort, 0...65_535)
        try range("broker.queueBytes", brokerQueueBytes, (8 << 20)...(64 << 30))
        try range("broker.connections", brokerConnections, 20...10_000)
        try range("limits.payloadBytes", payloadBytes, 1024...(4 << 20))
        try range("ingest.batchMessages", batchMessages, 1...65_536)
        try range("ingest.batchBytes", batchBytes, 1024...(256 << 20))
        try range("scripts.processes", scriptProcesses, 1...64)
        try range("merge.bytesPerSecond", mergeBytesPerSecond, 0...(64 << 30))
        try range("log.bytes", logBytes, (1 << 20)...(64 << 30))
        try range("log.payloadBytes", logPayloadBytes, 0...(1 << 20))
        guard logKeep.isEmpty || (logKeepSeconds ?? 0) > 0 else {
            throw ServerError(
                "log.keep is \"\(logKeep.visible)\": use a whole number and a unit, such as 12h, 90d or 2y, or leave it empty"
            )
        }
        guard Self.logLevels.contains(logLevel) else {
            throw ServerError(
                "log.level is \(logLevel): use one of \(Self.logLevels.joined(separator: ", "))")
        }
        for (name, path) in [("data", data), ("broker.executable", brokerExecutable)] where path.isEmpty {
            throw ServerError("\(name) is empty: name a path")
        }
        for path in [data, brokerExecutable, brokerPlugin] where path.utf8.contains(where: { $0 < 0x20 }) {
            throw ServerError("a path in the settings has a control character or line break: leave it out")
        }
        guard dataGroup.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw ServerError(
                "data.group is not the name of a group: leave out spaces and control characters")
        }
        guard brokerMode == .external || Self.isLoopback(mqttHost) else {
            throw ServerError(
                "mqtt.host \(mqttHost) is not a loopback address: without TLS the broker serves this machine only; use 127.0.0.1, ::1 or localhost, and mqtt.tlsHost and mqtt.tlsPort for others"
            )
        }
        try checkTLS()
        try checkBrokerFiles()
        guard !mqttHost.isEmpty, mqttHost.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ServerError("mqtt.host \"\(mqttHost)\" is not a host name or address")
        }
    }

    /// How long the message log keeps entries, in seconds; nil for as long as there is room.
    var logKeepSeconds: Int64? { RetentionPeriod.seconds(logKeep) }

    /// Checks the settings of TLS.
    private func checkTLS() throws(ServerError) {
        try range("mqtt.tlsPort", mqttTLSPort, 0...65_535)
        let paths = [
            ("mqtt.tlsCertificate", mqttTLSCertificate), ("mqtt.tlsKey", mqttTLSKey),
            ("mqtt.tlsClientAuthority", mqttTLSClientAuthority),
        ]
        for (name, text) in paths + [("mqtt.tlsHost", mqttTLSHost)] where !text.isEmpty {
            guard mqttTLSPort > 0 else {
                throw ServerError("\(name) is set, but mqtt.tlsPort is 0: set it, by custom to 18883")
            }
        }
        for (name, path) in paths where path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw ServerError("\(name) has a control character or line break: leave it out")
        }
        guard mqttTLSCertificate.isEmpty == mqttTLSKey.isEmpty else {
            throw ServerError("mqtt.tlsCertificate and mqtt.tlsKey belong together: set both or none")
        }
        guard mqttTLSHost.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ServerError("mqtt.tlsHost \"\(mqttTLSHost)\" is not a host name or address")
        }
        guard mqttTLSPort + mqttPort > 0 else {
            throw ServerError(
                "mqtt.port and mqtt.tlsPort are both 0, so the broker listens nowhere: set mqtt.tlsPort, by custom to 18883"
            )
        }
        guard mqttTLSPort != mqttPort else {
            throw ServerError("mqtt.tlsPort and mqtt.port are both \(mqttPort): use two ports")
        }
    }

    /// Checks the files of the service's own connection.
    private func checkBrokerFiles() throws(ServerError) {
        let paths = [
            ("broker.authority", brokerAuthority), ("broker.certificate", brokerCertificate),
            ("broker.key", brokerKey),
        ]
        for (name, path) in paths where !path.isEmpty {
            guard path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw ServerError("\(name) has a control character or line break: leave it out")
            }
            guard brokerMode == .external, mqttPort == 0 else {
                throw ServerError(
                    "\(name) is set, but the service connects without TLS: set broker.mode to external and mqtt.port to 0"
                )
            }
        }
        guard brokerCertificate.isEmpty == brokerKey.isEmpty else {
            throw ServerError("broker.certificate and broker.key belong together: set both or none")
        }
    }

    /// Where the broker listens for TLS; nil if it does not.
    var tlsAddress: BrokerAddress? {
        guard mqttTLSPort > 0 else { return nil }
        return BrokerAddress(host: mqttTLSHost.isEmpty ? mqttHost : mqttTLSHost, port: mqttTLSPort)
    }

    /// Who may read the data directory besides its owner.
    var readers: DirectoryGuard.Readers { dataGroup.isEmpty ? .nobody : .group(dataGroup) }

    /// The levels of swift-log.
    static let logLevels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.utf8.allSatisfy(isDotOrDigit))
    }

    private static func isDotOrDigit(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private func range(_ name: String, _ value: Int, _ limits: ClosedRange<Int>) throws(ServerError) {
        guard limits.contains(value) else {
            throw ServerError("\(name) is \(value): use \(limits.lowerBound) to \(limits.upperBound)")
        }
    }
}
