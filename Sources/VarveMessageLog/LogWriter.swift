// LogWriter.swift — writes entries on a thread of its own, so that nobody waits for the log.
//
// Invariants:
// - `add` holds a lock while it appends to an array. It does nothing else that can block.
// - An entry is written, or it is counted in a later entry that says how many are missing.
// - A failure to write is reported once for each reason, and never ends the thread.

import VarveModel
import VarvePlatform

/// A queue and a thread in front of a message log.
public final class LogWriter: Sendable {
    /// The most that may wait.
    ///
    /// When a room is full, its entries are dropped and counted.
    public struct Limits: Sendable {
        /// The most payload entries.
        public var payloads = 16_384
        /// The most bytes of payload entries.
        public var payloadBytes = 16 << 20
        /// The most entries of the other kinds.
        public var others = 8192
        /// The most bytes of the other kinds.
        public var otherBytes = 8 << 20

        /// Takes the defaults.
        public init() {}
    }

    /// What has happened to entries since the writer was made.
    public struct Counts: Hashable, Sendable {
        /// Entries that are in the log, or were.
        public var written: UInt64 = 0
        /// Payload entries, and others, that were lost: they found no room, or could not be written.
        public var droppedPayloads: UInt64 = 0, droppedOthers: UInt64 = 0

        mutating func addLost(_ lost: LogQueue.Dropped) {
            droppedPayloads += UInt64(lost.payloads)
            droppedOthers += UInt64(lost.others)
        }
    }

    private let log: MessageLog
    private let warn: @Sendable (String) -> Void
    private let shared: Monitor<Shared>

    /// What the thread and its callers share.
    private struct Shared {
        var queue: LogQueue
        var counts = Counts()
        var isClosed = false
        var isEnded = false
        /// The number of calls of `flush`, and how many of them are done.
        var requested = 0
        var served = 0

        var isFlushing: Bool { requested > served }
    }

    /// What only the thread knows.
    private struct Course {
        /// The earliest time for the next notice of missing entries, in nanoseconds of the monotonic clock.
        var nextNotice: Int64 = 0
        var lastFailure: LogError?
    }

    /// What the thread writes in one turn.
    private struct Batch {
        var entries: [LogEntry]
        var dropped: LogQueue.Dropped
        /// The number of calls of `flush` that are done when the batch is written.
        var requests: Int
    }

    /// The nanoseconds that the thread waits for more entries, to write them together.
    private static let linger: Int64 = 50_000_000
    /// The nanoseconds that it waits after a failure, and between notices of missing entries.
    private static let pause: Int64 = 1_000_000_000
    /// The nanoseconds after which old entries are looked for, though nothing is to be written.
    private static let upkeepPause: Int64 = 600_000_000_000
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
    /// - Throws: `FileError` if no thread can be started.
    public init(
        _ log: MessageLog, limits: Limits = Limits(), warn: @escaping @Sendable (String) -> Void
    ) throws {
        self.log = log
        self.warn = warn
        let queue = LogQueue(
            payloads: .init(entries: limits.payloads, bytes: limits.payloadBytes),
            others: .init(entries: limits.others, bytes: limits.otherBytes))
        shared = Monitor(Shared(queue: queue))
        try WorkerThread { [self] in run() }.detach()
    }

    /// Hands over an entry.
    ///
    /// Costs about a microsecond and never waits for the disk.
    public func add(_ entry: LogEntry) {
        let isAwaited = shared.withLock { shared in
            guard !shared.isClosed else { return false }
            guard shared.queue.add(entry) else {
                shared.counts.addLost(LogQueue.Dropped(entry))
                return false
            }
            return shared.queue.count == 1 || shared.queue.count == Self.batchEntries
        }
        if isAwaited { shared.wakeAll() }
    }

    /// What has happened to entries so far; those that wait are not counted yet.
    public var counts: Counts { shared.withLock { $0.counts } }

    /// Waits until every entry added so far is written, or counted as missing.
    public func flush() {
        let request = shared.change { shared in
            shared.requested += 1
            return shared.requested
        }
        shared.wait { $0.served >= request || $0.isEnded ? () : nil }
    }

    /// Writes what waits and ends the thread.
    ///
    /// Entries added later are dropped.
    public func close() {
        shared.change { $0.isClosed = true }
        shared.wait { $0.isEnded ? () : nil }
    }

    private func run() {
        var course = Course()
        while let batch = nextBatch(&course) {
            let (lost, unsaid) = store(batch, &course)
            shared.change { shared in
                shared.queue.countDropped(lost)
                shared.queue.countDropped(unsaid)
                shared.counts.addLost(lost)
                shared.counts.written += UInt64(batch.entries.count - lost.count)
                shared.served = batch.requests
            }
            if lost.count + unsaid.count > 0 { wait(Self.pause) { $0.isFlushing } }
        }
        shared.change { $0.isEnded = true }
    }

    /// Waits for work.
    ///
    /// - Returns: Nil once the writer is closed and nothing is left that can be written.
    private func nextBatch(_ course: inout Course) -> Batch? {
        let hasMissing = shared.withLock { $0.queue.dropped.count > 0 }
        let upkeep = SystemClock.monotonicNanoseconds() + Self.upkeepPause
        _ = shared.wait(until: hasMissing ? course.nextNotice : upkeep) { shared in
            shared.isClosed || shared.isFlushing || shared.queue.count > 0 ? () : nil
        }
        let (isOver, hasEntries) = shared.withLock { shared in
            let hasNews = shared.queue.dropped.count > 0 && course.lastFailure == nil
            return (shared.isClosed && shared.queue.count == 0 && !hasNews, shared.queue.count > 0)
        }
        if isOver { return nil }
        if hasEntries { wait(Self.linger) { $0.isFlushing || $0.queue.count >= Self.batchEntries } }
        let isNoticeDue = course.nextNotice <= SystemClock.monotonicNanoseconds()
        return shared.withLock { shared in
            var batch = Batch(
                entries: shared.queue.takeAll(), dropped: LogQueue.Dropped(), requests: shared.requested)
            if shared.isClosed || shared.isFlushing || isNoticeDue {
                batch.dropped = shared.queue.takeDropped()
            }
            return batch
        }
    }

    /// Waits a while, at most until the writer is closed or the condition holds.
    private func wait(_ nanoseconds: Int64, until isEnough: (Shared) -> Bool) {
        let end = SystemClock.monotonicNanoseconds() + nanoseconds
        _ = shared.wait(until: end) { $0.isClosed || isEnough($0) ? () : nil }
    }

    /// Writes a batch in transactions of bounded size.
    ///
    /// - Returns: The entries that could not be written, and those of which no notice could be written.
    private func store(
        _ batch: Batch, _ course: inout Course
    ) -> (lost: LogQueue.Dropped, unsaid: LogQueue.Dropped) {
        var unsaid = batch.dropped
        var next = 0
        do throws(LogError) {
            if unsaid.count > 0 {
                course.nextNotice = SystemClock.monotonicNanoseconds() + Self.pause
                try log.append([Self.notice(of: unsaid)])
                unsaid = LogQueue.Dropped()
            } else if batch.entries.isEmpty {
                // Old entries go also while nothing happens.
                try log.append([])
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
            if course.lastFailure != nil { warn("the message log is written again") }
            course.lastFailure = nil
        } catch {
            if error != course.lastFailure { warn("\(error)") }
            course.lastFailure = error
        }
        var lost = LogQueue.Dropped()
        for entry in batch.entries[next...] { lost.add(entry) }
        return (lost, unsaid)
    }

    private static func notice(of dropped: LogQueue.Dropped) -> LogEntry {
        var entry = LogEntry(.error, .dropped, time: Timestamp(nanoseconds: SystemClock.nanoseconds()))
        entry.category = .log
        entry.reason =
            "not in this log: \(dropped.payloads) payload and \(dropped.others) other entries, which came faster "
            + "than they could be written"
        return entry
    }
}
