// LogFilter.swift — which entries of the log a reader wants.

public import VarveModel

/// Conditions.
///
/// An entry must meet all of them.
public struct LogFilter: Hashable, Sendable {
    /// The kinds wanted; empty for all.
    public var kinds: Set<LogEntry.Kind> = []
    /// The events wanted; empty for all.
    public var events: Set<LogEntry.Event> = []
    /// The categories wanted; empty for all entries, also those without a category.
    public var categories: Set<LogEntry.Category> = []
    /// The codes of answers wanted; empty for all entries, also those without a code.
    public var codes: Set<Int> = []
    /// The names of the channels wanted; empty for all entries, also those without a channel.
    public var channels: Set<String> = []
    /// The keys of the products wanted; empty for all entries, also those without a product.
    public var products: Set<String> = []
    /// The client ids wanted, each whole or up to its first `|`; empty for all.
    public var clients: Set<String> = []
    /// The devices wanted, each as deviceKey or productKey/deviceKey; empty for all.
    public var devices: Set<String> = []
    /// Texts of which a field of the entry or the kept part of its payload must contain one; empty for all.
    ///
    /// Upper and lower case of ASCII letters are equal.
    public var texts: Set<String> = []
    /// The half-open range of times.
    public var range: TimeRange?
    /// Only entries with a larger id.
    public var after: Int64?
    /// The most entries to return: the first ones after `after` if it is set, else the newest.
    ///
    /// Nil for all.
    public var limit: Int? = 1000

    /// Lets the newest 1000 entries of all kinds through.
    public init() {}
}
