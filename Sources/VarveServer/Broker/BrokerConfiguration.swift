// BrokerConfiguration.swift — the text of mosquitto.conf, and what makes it this text.
//
// The settings are measured ones (mosquitto 2.0.11 of Debian 12):
// - `max_queued_messages` must be finite: 0 makes Debian's build cut off every client whose publish is denied.
// - `max_queued_bytes` is not limited, the plugin keeps the budget: where more waits than that, as after the budget was made
//   smaller, the broker drops what has quality 0, its own proof to the service too, and nothing is ever taken.
// - `autosave_interval 1`: with the default a killed broker loses the session and all that waits in it.
// - `set_tcp_nodelay`: without it each reply waits 50 ms for the acknowledgement of the packet before.
// - `retain_available` stays on: a client that retains would be cut off for ever; the plugin takes the flag off, so
//   that nothing is retained.
// - `max_connections` and `max_topic_alias` belong to the listener before them: the service's own is not limited. A topic
//   alias is memory of each connection for topics of any length.
// - `memory_limit` is the last resort: where it is reached, whoever sends next is cut off without an acknowledgement,
//   the service too. What may wait, twice where it is on its way to the service, is well below it.
// - `connection_messages` tells why a connection ended, which the plugin is not told (ConnectionEnd).
// - `max_packet_size` is above Varve's own limit, so that too large a message gets its answer, code 1008.
// - `listener 0 broker.sock`: the service's own way in, which no crowd on the other one can block.
//
// Invariants:
// - The same settings give the same text, and so the same name of the file: a broker that runs with it can be adopted.

import Glibc
import VarveCodec
import VarveFile

/// What mosquitto is told.
struct BrokerConfiguration: Sendable {
    /// The configuration file's text.
    let text: String
    /// A name for this text and the plugin it loads.
    let hash: String

    /// The largest packet the broker takes: four times Varve's own default limit.
    private static let packetBytes = 4 << 20
    /// What the broker may use beside what waits: connections, half packets, sessions.
    private static let memoryBytes = 192 << 20
    /// Messages that wait for the service: more than fit in the default budget, where each counts as 1 KiB and more.
    private static let queuedMessages = 1_000_000

    /// Sessions that are kept, at least; a product has a quarter, and so one for each of its clients.
    private static let sessions = 4096

    init(
        _ settings: ServerConfiguration, _ folder: BrokerFolder, plugin: String, _ files: any FileSystem
    ) throws {
        let header =
            settings.brokerMode == .managed
            ? "Written by varve at every start of its broker: changes here are lost, and make it another broker."
            : "For a mosquitto that somebody else runs. It must run as the user of varve serve, who owns the files named here."
        let packetBytes = max(Self.packetBytes, settings.payloadBytes + (1 << 20))
        text = """
            # \(header)
            user \(try Self.userName())
            per_listener_settings false
            listener \(settings.mqttPort) \(settings.mqttHost)
            max_connections \(settings.brokerConnections)
            max_topic_alias 0\(Self.ownListener(settings))
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
        // Another build of the plugin is another broker.
        try files.readAll(plugin, limit: 256 << 20).withUnsafeBytes { hasher.update($0) }
        let digest = hasher.finish()
        hash = Self.hex(digest.high)
    }

    /// The socket of the service alone; a broker that somebody else runs has another working folder.
    private static func ownListener(_ settings: ServerConfiguration) -> String {
        settings.brokerMode == .managed ? "\nlistener 0 \(BrokerFolder.socketName)" : ""
    }

    /// The service's own user: the broker, started as root, would otherwise become one who may not read the logins.
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
