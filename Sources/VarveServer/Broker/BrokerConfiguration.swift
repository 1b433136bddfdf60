// BrokerConfiguration.swift — the text of mosquitto.conf, and the reasons for its settings.
//
// The settings were measured with mosquitto 2.0.11 of Debian 12:
// - `max_queued_messages` must be finite: 0 makes Debian's build cut off every client whose publish is denied.
// - `max_queued_bytes` is not limited, because the plugin keeps the budget. If more waited than this limit allowed (as
//   after the budget was made smaller), the broker would drop messages of quality of service 0, its own proof to the
//   service among them, and no message would ever be taken.
// - `autosave_interval 1`: with the default a killed broker loses the session and all that waits in it.
// - `set_tcp_nodelay`: without it each reply waits 50 ms for the acknowledgement of the packet before.
// - `retain_available` stays on: otherwise a client that retains would be cut off each time it sends. The plugin clears
//   the flag, so nothing is retained.
// - `max_connections` and `max_topic_alias` belong to the listener before them, so the service's own listener is not
//   limited. A topic alias takes memory of each connection, for topics of any length.
// - `memory_limit` is the last resort: once it is reached, the next sender is cut off without an acknowledgement, even
//   the service. The messages that may wait, counted twice while they go to the service, are well below it.
// - `connection_messages` logs why a connection ended, which the plugin does not learn (ConnectionEnd).
// - `max_packet_size` is above Varve's own limit, so that too large a message gets its answer, code 1008.
// - `listener 0 broker.sock` is for the service alone, so clients of the other listeners cannot keep it out. It is there
//   without the port for clients without TLS, too.
//
// Invariants:
// - The same settings and plugin give the same text and file name, so a running broker with them can be adopted.

import Glibc
import VarveAccess
import VarveChannel
import VarveCodec
import VarveFile

/// The configuration of a broker.
struct BrokerConfiguration: Sendable {
    /// The configuration file's text.
    let text: String
    /// A hash of this text and of the plugin it loads.
    let hash: String

    /// The smallest limit for packets, in bytes: four times the default of Varve's own limit.
    private static let packetBytes = 4 << 20
    /// The memory for connections, half packets and sessions, in bytes; messages that wait come on top.
    private static let memoryBytes = 192 << 20
    /// The most messages that wait for the service; fewer fit in the default budget, as each counts at least 1 KiB.
    private static let queuedMessages = 1_000_000

    /// The least number of sessions that are kept; a product may have a quarter of them, one for each of its clients.
    private static let sessions = 4096

    init(
        _ settings: ServerConfiguration, _ folder: BrokerFolder, plugin: String, _ files: any FileSystem
    ) throws {
        let header =
            settings.brokerMode == .managed
            ? "Written by varve at every start of its broker: changes here are lost, and make it another broker."
            : "For a mosquitto that somebody else runs. It must run as the user of varve serve, who owns the files named here."
        let packetBytes = Self.packetBytes(settings)
        text = """
            # \(header)
            user \(try Self.userName())
            per_listener_settings false
            \(try Self.listeners(settings, folder, files).joined(separator: "\n"))
            allow_anonymous false
            plugin \(plugin)
            plugin_opt_credentials \(folder.credentials)
            plugin_opt_events \(folder.events)
            plugin_opt_queue_limit \(settings.brokerQueueBytes)
            plugin_opt_queue_messages \(Self.queuedMessages)
            plugin_opt_connections \(settings.brokerConnections)
            plugin_opt_sessions \(max(Self.sessions, 4 * settings.brokerConnections))
            plugin_opt_persistence_file \(folder.state)/mosquitto.db
            persistence true
            persistence_location \(folder.state)/
            autosave_interval 1
            max_inflight_messages 1000
            max_queued_messages \(Self.queuedMessages)
            max_queued_bytes 0
            memory_limit \(Self.memoryBytes + 2 * settings.brokerQueueBytes)
            max_packet_size \(packetBytes)
            persistent_client_expiration 90d
            set_tcp_nodelay true
            sys_interval 0
            connection_messages true
            log_timestamp_format %Y-%m-%dT%H:%M:%S
            log_dest file \(folder.log)
            log_type error
            log_type warning
            log_type notice
            log_type information

            """
        var hasher = Hasher128()
        Array(text.utf8).withUnsafeBytes { hasher.update($0) }
        // A broker that runs with another build of the plugin must not be adopted.
        try files.readAll(plugin, limit: 256 << 20).withUnsafeBytes { hasher.update($0) }
        let digest = hasher.finish()
        hash = Self.hex(digest.high)
    }

    /// The largest packet that the broker takes, in bytes.
    static func packetBytes(_ settings: ServerConfiguration) -> Int {
        max(packetBytes, settings.payloadBytes + (1 << 20))
    }

    /// The lines of all listeners: without TLS, with TLS, and for the service alone.
    ///
    /// The last one is left out for an external broker, which has another working folder.
    ///
    /// - Throws: `ServerError` if a certificate cannot be used.
    private static func listeners(
        _ settings: ServerConfiguration, _ folder: BrokerFolder, _ files: any FileSystem
    ) throws(ServerError) -> [String] {
        let limits = ["max_connections \(settings.brokerConnections)", "max_topic_alias 0"]
        var lines: [String] = []
        if settings.mqttPort > 0 {
            lines += ["listener \(settings.mqttPort) \(settings.mqttHost)"] + limits
        }
        if let address = settings.tlsAddress {
            lines += ["listener \(address.port) \(address.host)"] + limits
            lines += try encryption(BrokerCertificate(settings, folder, files), files)
        }
        if settings.brokerMode == .managed { lines.append("listener 0 \(BrokerFolder.socketName)") }
        return lines
    }

    /// The lines of a listener with TLS.
    ///
    /// A hash of the files is in it, so a broker with other ones is another broker.
    ///
    /// - Throws: `ServerError` if a file cannot be used.
    private static func encryption(
        _ pair: BrokerCertificate, _ files: any FileSystem
    ) throws(ServerError) -> [String] {
        var hasher = Hasher128()
        do {
            _ = try pair.check()
            for path in pair.files {
                try files.readAll(path, limit: 1 << 20).withUnsafeBytes { hasher.update($0) }
            }
        } catch {
            let remedy =
                pair.isOwn
                ? "make one with varve channel tls, or set mqtt.tlsCertificate"
                : "mend mqtt.tlsCertificate, mqtt.tlsKey or mqtt.tlsClientAuthority"
            throw ServerError("the certificate for mqtt.tlsPort cannot be used, \(error): \(remedy)")
        }
        var lines = ["tls_version tlsv1.2", "certfile \(pair.certificate)", "keyfile \(pair.key)"]
        if !pair.clientAuthority.isEmpty {
            lines += ["cafile \(pair.clientAuthority)", "require_certificate true"]
        }
        return lines + ["# certificates \(hex(hasher.finish().high))"]
    }

    /// The service's own user: a broker that is started as root would otherwise change to a user who may not read the
    /// credentials.
    ///
    /// - Throws: `ServerError` if the user has no name.
    private static func userName() throws(ServerError) -> String {
        guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else {
            throw ServerError("user \(geteuid()) has no name in the system's user list: the broker needs one")
        }
        return String(cString: name)
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
