// PluginOptions.swift — the `plugin_opt_…` lines of the broker's configuration.

/// What the broker's configuration says to the plugin.
struct PluginOptions {
    /// The options are wrong; the broker does not start then.
    struct Refusal: Error, CustomStringConvertible {
        var description: String
    }

    /// `plugin_opt_credentials`: the credentials file.
    var credentials = ""
    /// `plugin_opt_events`: the events file.
    var events = ""
    /// `plugin_opt_queue_limit`: the cost of messages that may wait; the broker's `max_queued_bytes` is 0; without
    /// it senders are never turned away.
    var queueLimit: Int?
    /// `plugin_opt_queue_messages`: the broker's `max_queued_messages`; without it only bytes are counted.
    var queueMessages: Int?
    /// `plugin_opt_persistence_file`: the broker's database, which tells what the broker has from an earlier run.
    var persistenceFile: String?
    /// `plugin_opt_connections`: the broker's `max_connections`; a product has three quarters of them.
    var connections = 1000
    /// `plugin_opt_sessions`: the sessions that are kept of clients that are away; a product has a quarter of them.
    var sessions = 4096

    /// Takes options as the broker gives them, less `plugin_opt_`.
    init(_ options: [(key: String, value: String)]) throws(Refusal) {
        for (key, value) in options {
            switch key {
            case "credentials": credentials = value
            case "events": events = value
            case "queue_limit": queueLimit = try Self.number(key, value)
            case "queue_messages": queueMessages = try Self.number(key, value)
            case "persistence_file": persistenceFile = value
            case "connections": connections = try Self.number(key, value)
            case "sessions": sessions = try Self.number(key, value)
            default: throw Refusal(description: "there is no option plugin_opt_\(key)")
            }
        }
        guard !credentials.isEmpty else { throw Refusal(description: "plugin_opt_credentials is missing") }
        guard !events.isEmpty else { throw Refusal(description: "plugin_opt_events is missing") }
    }

    private static func number(_ key: String, _ value: String) throws(Refusal) -> Int {
        guard let number = Int(value), number > 0 else {
            throw Refusal(description: "plugin_opt_\(key) is \(value), not a number above 0")
        }
        return number
    }
}
