// PluginOptions.swift — the `plugin_opt_…` lines of the broker's configuration.

/// The options for the plugin in the broker's configuration.
struct PluginOptions {
    /// An option is wrong or missing.
    ///
    /// The broker then does not start.
    struct Refusal: Error, CustomStringConvertible {
        var description: String
    }

    /// `plugin_opt_credentials`: the credentials file.
    var credentials = ""
    /// `plugin_opt_events`: the events file.
    var events = ""
    /// `plugin_opt_queue_limit`: the most cost of waiting messages, in bytes; nil for no limit.
    ///
    /// The broker's own `max_queued_bytes` is 0.
    var queueLimit: Int?
    /// `plugin_opt_queue_messages`: the broker's `max_queued_messages`; nil if only bytes are limited.
    var queueMessages: Int?
    /// `plugin_opt_persistence_file`: the broker's database, which says what the broker has from an earlier
    /// run.
    var persistenceFile: String?
    /// `plugin_opt_connections`: the broker's `max_connections`.
    ///
    /// One product may have three quarters of them.
    var connections = 1000
    /// `plugin_opt_sessions`: the most sessions kept for clients that are away.
    ///
    /// One product may have a quarter of them.
    var sessions = 4096

    /// Reads options as the broker gives them, without `plugin_opt_`.
    ///
    /// - Throws: `Refusal` for an unknown key, a number that is not above 0, or a missing credentials or
    ///   events file.
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
