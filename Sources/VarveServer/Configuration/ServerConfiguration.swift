// ServerConfiguration.swift — every setting of the service, with its default and its limits.
//
// Invariants:
// - A configuration that `check` passed can be run: every number is in range, no listener is public.

import VarveChannel
import VarveFile

/// Who runs the broker.
public enum BrokerMode: String, CaseIterable, Sendable {
    /// The service starts and watches Debian's mosquitto, for itself alone.
    case managed
    /// Somebody else runs a mosquitto with Varve's plugin; the service only connects to it.
    case external
}

/// The settings of the service.
public struct ServerConfiguration: Sendable, Equatable {
    /// The data directory.
    public var data = DirectoryNames.standard
    /// The group whose members may query and export, or empty for none.
    public var dataGroup = ""
    /// Where the broker listens, and where the service connects to it.
    public var mqttHost = BrokerAddress.standard.host
    /// The broker's port.
    public var mqttPort = BrokerAddress.standard.port
    /// Who runs the broker.
    public var brokerMode = BrokerMode.managed
    /// The mosquitto executable: a path, or a name that is looked for in PATH and /usr/sbin.
    public var brokerExecutable = "mosquitto"
    /// The broker plugin, or empty: then it is looked for beside the service and in ../lib/varve.
    public var brokerPlugin = ""
    /// Bytes of messages that may wait in the broker: payload, topic, properties and 1 KiB for each.
    ///
    /// The broker takes up to twice as much memory and 192 MiB; its database on disk takes as much.
    public var brokerQueueBytes = 128 << 20
    /// Clients that may be connected to the broker at a time; one product may have three quarters of them.
    public var brokerConnections = 1000
    /// The largest payload of a message; a larger one is answered 1008.
    public var payloadBytes = 1 << 20
    /// Most messages that one commit takes.
    public var batchMessages = 4096
    /// Most bytes that the messages of one commit take, topics and senders counted; a larger message is committed alone.
    public var batchBytes = 16 << 20
    /// Bytes a second that the merges of the service itself read and write, or 0 for no limit.
    public var mergeBytesPerSecond = 128 << 20
    /// The largest size of the message log on disk.
    public var logBytes = 64 << 20
    /// The part of each payload that the message log keeps.
    public var logPayloadBytes = 4096
    /// The least level of what the service reports on standard error.
    public var logLevel = "info"

    /// The defaults.
    public init() {}

    /// Checks ranges and that no listener is public.
    public func check() throws(ServerError) {
        try range("mqtt.port", mqttPort, 1...65_535)
        try range("broker.queueBytes", brokerQueueBytes, (8 << 20)...(64 << 30))
        try range("broker.connections", brokerConnections, 20...10_000)
        try range("limits.payloadBytes", payloadBytes, 1024...(4 << 20))
        try range("ingest.batchMessages", batchMessages, 1...65_536)
        try range("ingest.batchBytes", batchBytes, 1024...(256 << 20))
        try range("merge.bytesPerSecond", mergeBytesPerSecond, 0...(64 << 30))
        try range("log.bytes", logBytes, (1 << 20)...(64 << 30))
        try range("log.payloadBytes", logPayloadBytes, 0...(1 << 20))
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
                "mqtt.host \(mqttHost) is not a loopback address: without TLS the broker serves this machine only; use 127.0.0.1, ::1 or localhost, or run an external broker"
            )
        }
        guard !mqttHost.isEmpty, mqttHost.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ServerError("mqtt.host \"\(mqttHost)\" is not a host name or address")
        }
    }

    /// Who may read the data directory beside its owner.
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
