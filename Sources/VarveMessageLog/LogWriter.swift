// LogWriter.swift — writes entries on a thread of its own, so that nobody waits for the log.
//
// Invariants:
// - `add` holds a lock while it appends to an array. It does nothing else that can block.
// - An entry is written, or it is counted in a later entry that says how many are missing.
// - A failure to write is reported once for each reason, and never ends the thread.

import Foundation
import VarveModel
import VarvePlatform

/// A queue and a thread in front of a message log.
package final class LogWriter: @unchecked Sendable {
    // Unchecked: mutable state is used only between `condition.lock()` and `unlock()`, or by the thread
    // alone.

    /// The most that may wait.
    ///
    /// When a room is full, its entries are dropped and counted.
    package struct Limits: Sendable {
        /// The most payload entries.
        package var payloads = 16_384
        package var payloadBytes = 16 << 20
        /// The most entries of the other kinds.
        package var others = 8192
        package var otherBytes = 8 << 20

        package init() {}
    }

    private let log: MessageLog
    private let warn: @Sendable (String) -> Void
    private let condition = NSCondition()
    private var queue: LogQueue
    private var isClosed = false
    private var isEnded = false
    /// The number of calls of `flush`, and how many of them are done.
    private var requested = 0
    private var served = 0
    /// The earliest time for the next notice of missing entries.
    private var nextNotice = Date.distantPast
    private var lastFailure: LogError?

    /// What the thread writes in one turn.
    private struct Batch {
        var entries: [LogEntry]
        var dropped: LogQueue.Dropped
        /// The number of calls of `flush` that are done when the batch is written.
        var requests: Int
    }

    /// The seconds that the thread waits for more entries, to write them together.
    private static let lingerSeconds = 0.05
    /// The seconds that it waits after a failure, and between notices of missing entries.
    private static let pauseSeconds = 1.0
    /// The number of entries that are written without waiting for more.
    private static let batchEntries = 2048
    /// The bytes of entries after which a transaction is ended.
    private static let batchBytes = 1 << 20

    /// Starts the thread that writes to a log.
    ///
    /// - Parameters:
    ///   - log: An open log. Others may go on using it.
    ///   - limits: The most that may wait.
    ///   - warn: Called with one line for each new failure to write, and when writing works again.
    package init(
        _ log: MessageLog, limits: Limits = Limits(), warn: @escaping @Sendable (String) -> Void
    ) {
        self.log = log
        self.warn = warn
        queue = LogQueue(
            payloads: .init(entries: limits.payloads, bytes: limits.payloadBytes),
            others: .init(entries: limits.others, bytes: limits.otherBytes))
        Thread.detachNewThread { [self] in run() }
    }

    /// Hands over an entry.
    ///
    /// Costs about a microsecond and never waits for the disk.
    package func add(_ entry: LogEntry) {
        condition.lock()
        defer { condition.unlock() }
        guard !isClosed, queue.add(entry) else { return }
        if queue.count == 1 || queue.count == Self.batchEntries { condition.broadcast() }
    }

    /// Waits until every entry added so far is written, or counted as missing.
    package func flush() {
        condition.lock()
        defer { condition.unlock() }
        requested += 1
        let request = requested
        condition.broadcast()
        while served < request, !isEnded { condition.wait() }
    }

    /// Writes what waits and ends the thread.
    ///
    /// Entries added later are dropped.
    package func close() {
        condition.lock()
        defer { condition.unlock() }
        isClosed = true
        condition.broadcast()
        while !isEnded { condition.wait() }
    }

    private func run() {
        while let batch = take() {
            let lost = store(batch)
            condition.lock()
            queue.drop(lost)
            served = batch.requests
            condition.broadcast()
            if lost.count > 0 { wait(upTo: Self.pauseSeconds) { requested > served } }
            condition.unlock()
        }
        condition.lock()
        isEnded = true
        condition.broadcast()
        condition.unlock()
    }

    /// Waits for work.
    ///
    /// Nil once the writer is closed and nothing is left that can be written.
    private func take() -> Batch? {
        condition.lock()
        defer { condition.unlock() }
        while !isClosed, requested == served, queue.count == 0 {
            if queue.dropped.count == 0 {
                condition.wait()
            } else if !condition.wait(until: nextNotice) {
                break
            }
        }
        if isClosed, queue.count == 0, queue.dropped.count == 0 || lastFailure != nil { return nil }
        if queue.count > 0 {
            wait(upTo: Self.lingerSeconds) { requested > served || queue.count >= Self.batchEntries }
        }
        var batch = Batch(entries: queue.takeAll(), dropped: LogQueue.Dropped(), requests: requested)
        if isClosed || requested > served || nextNotice <= Date() { batch.dropped = queue.takeDropped() }
        return batch
    }

    /// Waits at most `seconds`, or until the writer is closed or the condition holds.
    ///
    /// The caller holds the lock.
    private func wait(upTo seconds: Double, until isEnough: () -> Bool) {
        let end = Date(timeIntervalSinceNow: seconds)
        while !isClosed, !isEnough(), condition.wait(until: end) {}
    }

    /// Writes a batch in transactions of bounded size.
    ///
    /// - Returns: The entries that could not be written.
    private func store(_ batch: Batch) -> LogQueue.Dropped {
        var lost = batch.dropped
        var next = 0
        do throws(LogError) {
            if lost.count > 0 {
                nextNotice = Date(timeIntervalSinceNow: Self.pauseSeconds)
                try log.append([Self.notice(of: lost)])
                lost = LogQueue.Dropped()
            }
            while next < batch.entries.count {
                var end = next
                var bytes = 0
                while end < batch.entries.count, bytes < Self.batchBytes {
                    bytes += batch.entries[end].weight
                    end += 1
                }
                try log.append(Array(batch.entries[next..<end]))
                next = end
            }
            if lastFailure != nil { warn("the message log is written again") }
            lastFailure = nil
        } catch {
            if error != lastFailure { warn("\(error)") }
            lastFailure = error
        }
        for entry in batch.entries[next...] { lost.add(entry) }
        return lost
    }

    private static func notice(of dropped: LogQueue.Dropped) -> LogEntry {
        var entry = LogEntry(.error, .dropped, time: Timestamp(nanoseconds: SystemClock.nanoseconds()))
        entry.reason =
            "not in this log: \(dropped.payloads) payload and \(dropped.others) other entries, which came faster "
            + "than they could be written"
        return entry
    }
}
