// LogFilter.swift — which entries of the log a reader wants.

public import VarveModel

/// Conditions.
///
/// An entry must meet all of them.
public struct LogFilter: Hashable, Sendable {
    /// The kinds wanted; empty for all.
    public var kinds: Set<LogEntry.Kind> = []
    /// A channel name; nil for all channels.
    public var channel: String?
    /// A deviceKey, or productKey/deviceKey.
    public var device: String?
    /// The half-open range of times.
    public var range: TimeRange?
    /// Only entries with a larger id.
    public var after: Int64?
    /// The most entries to return: the first ones after `after` if it is set, else the newest.
    public var limit = 1000

    /// Lets the newest 1000 entries of all kinds through.
    public init() {}
}
