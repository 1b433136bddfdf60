// TroubleReport.swift — reports a trouble when it begins, changes or is over, and not while it lasts.

import Logging
import Synchronization

/// The trouble with one kind of work.
final class TroubleReport: Sendable {
    private let last = Mutex("")
    private let logger: Logger
    private let what: String

    init(_ what: String, _ logger: Logger) {
        self.what = what
        self.logger = logger
    }

    /// Runs work and reports what it throws, unless the last call threw the same text.
    func reportingFailure(_ body: () throws -> Void) {
        do {
            try body()
            let isOver = last.withLock { last in
                defer { last = "" }
                return !last.isEmpty
            }
            if isOver { logger.notice("\(what): that is over") }
        } catch {
            let text = messageWithRemedy(error)
            let isNew = last.withLock { last in
                defer { last = text }
                return last != text
            }
            if isNew { logger.warning("\(what): \(text)") }
        }
    }
}
