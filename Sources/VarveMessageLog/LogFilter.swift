// LogFilter.swift — which entries of the log are wanted.

package import VarveModel

/// Conditions that an entry must all meet.
package struct LogFilter: Hashable, Sendable {
    /// The kinds; all if empty.
    package var kinds: Set<LogEntry.Kind> = []
    package var channel: String?
    /// A deviceKey, or productKey/deviceKey.
    package var device: String?
    /// The times, half open.
    package var range: TimeRange?
    /// Only entries with a larger id.
    package var after: Int64?
    /// At most this many: the first ones after `after`, else the newest.
    package var limit = 1000

    package init() {}
}
