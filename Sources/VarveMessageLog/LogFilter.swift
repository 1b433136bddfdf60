// LogFilter.swift — which entries of the log a reader wants.

package import VarveModel

/// Conditions.
///
/// An entry must meet all of them.
package struct LogFilter: Hashable, Sendable {
    /// The kinds wanted; empty for all.
    package var kinds: Set<LogEntry.Kind> = []
    package var channel: String?
    /// A deviceKey, or productKey/deviceKey.
    package var device: String?
    /// The half-open range of times.
    package var range: TimeRange?
    /// Only entries with a larger id.
    package var after: Int64?
    /// The most entries to return: the first ones after `after` if it is set, else the newest.
    package var limit = 1000

    package init() {}
}
