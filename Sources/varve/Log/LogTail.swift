// LogTail.swift — the entries that come after those already printed.
//
// Invariants:
// - Every entry comes once, in the order of the ids.
// - When the service begins a new log, the new log is read from its start.

import VarveMessageLog

/// Follows a log by asking for new entries again and again.
struct LogTail {
    private let path: String
    private var filter: LogFilter
    /// The largest id that was read; entries that the filter leaves out count too.
    private var after: Int64

    /// How long the caller waits between two calls of `next`.
    static let pauseMilliseconds = 250
    private static let entriesAtOnce = 1000

    init(path: String, filter: LogFilter, after: Int64) {
        self.path = path
        self.filter = filter
        self.filter.limit = Self.entriesAtOnce
        self.after = after
    }

    /// The next entries, at most 1000; empty without new ones, or if the log is missing or busy.
    ///
    /// - Throws: `LogError` if the log cannot be read for another reason.
    mutating func next() throws -> [LogEntry] {
        do {
            return try read()
        } catch let error as LogError where error.code == .missing || error.code == .busy {
            return []
        }
    }

    private mutating func read() throws -> [LogEntry] {
        // Opened each time: the service may have renamed the file.
        let log = try MessageLog.openForReading(path: path)
        let last = try log.lastID()
        if last < after { after = 0 }
        filter.after = after
        let entries = try log.entries(filter)
        let newest = entries.last?.id ?? after
        after = entries.count == filter.limit ? newest : max(last, newest)
        return entries
    }
}
