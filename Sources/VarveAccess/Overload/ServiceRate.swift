// ServiceRate.swift — how fast the service reads, measured while it has enough to read.
//
// Invariants:
// - A period counts only if there was a backlog all through it: a service that waits for messages is not
//   slow.

/// The measured speed of the service.
struct ServiceRate: Sendable {
    /// The longest time that messages of others may wait behind a product's backlog, in seconds.
    static let patience = 0.5
    /// A backlog of at most this many messages and bytes is never a burden, however slow the service is.
    static let smallMessages = 1000, smallBytes = 2 << 20
    private static let stretch: Int64 = 250_000_000

    /// Messages and cost a second: a guess until a measurement replaces it.
    private var messages = 10_000.0
    private var bytes = 12.0 * 1_048_576
    private var start: Int64?
    private var consumedMessages = 0, consumedBytes = 0
    private var isBusy = false

    /// Whether a backlog keeps others waiting longer than they should.
    ///
    /// It must be large both in messages and in bytes: a rate measured with small messages says little about
    /// large ones.
    ///
    /// - Parameter part: The part of `patience` that others may wait.
    func isBurden(bytes waitingBytes: Int, messages waiting: Int, part: Double = 1) -> Bool {
        guard waiting > Self.smallMessages || waitingBytes > Self.smallBytes else { return false }
        return Double(waiting) > messages * Self.patience * part
            && Double(waitingBytes) > bytes * Self.patience * part
    }

    /// Counts what the service has read, given what waits after that.
    mutating func consumed(bytes: Int, messages: Int, waitingBytes: Int, waiting: Int, now: Int64) {
        // The limits keep the sums from overflowing. No service reads that much in a moment.
        consumedMessages = min(consumedMessages + min(messages, 1 << 32), 1 << 48)
        consumedBytes = min(consumedBytes + min(bytes, 1 << 40), 1 << 48)
        let hasBacklog = waiting >= Self.smallMessages / 2 || waitingBytes >= Self.smallBytes / 2
        isBusy = isBusy && hasBacklog
        if let start {
            guard now - start >= Self.stretch else { return }
            if isBusy { measure(seconds: Double(now - start) / 1e9) }
        }
        start = now
        consumedMessages = 0
        consumedBytes = 0
        isBusy = hasBacklog
    }

    /// Discards the current measurement, because the service connected, disconnected or has read everything.
    mutating func interrupt() {
        start = nil
        isBusy = false
    }

    private mutating func measure(seconds: Double) {
        messages = (messages + Double(consumedMessages) / seconds) / 2
        bytes = (bytes + Double(consumedBytes) / seconds) / 2
    }
}
