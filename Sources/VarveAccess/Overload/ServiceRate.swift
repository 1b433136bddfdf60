// ServiceRate.swift — how fast the service reads, measured while there is enough to read.
//
// Invariants:
// - A stretch of time counts only if a backlog stood all through it: a service that waits for messages is not slow.

/// The measured speed of the service.
struct ServiceRate: Sendable {
    /// How long the messages of others may wait behind a product's backlog, in seconds.
    static let patience = 0.5
    /// A backlog that is no burden, however slow the service is.
    static let smallMessages = 1000, smallBytes = 2 << 20
    private static let stretch: Int64 = 250_000_000

    /// Messages and cost a second: a guess until something is measured.
    private var messages = 10_000.0
    private var bytes = 12.0 * 1_048_576
    private var start: Int64?
    private var consumedMessages = 0, consumedBytes = 0
    private var isBusy = false

    /// Whether a backlog keeps others waiting longer than they should.
    ///
    /// It must be large both in messages and in bytes: a rate measured with small messages says little of large ones.
    ///
    /// - Parameter part: What part of the time that others may wait.
    func isBurden(bytes waitingBytes: Int, messages waiting: Int, part: Double = 1) -> Bool {
        guard waiting > Self.smallMessages || waitingBytes > Self.smallBytes else { return false }
        return Double(waiting) > messages * Self.patience * part
            && Double(waitingBytes) > bytes * Self.patience * part
    }

    /// Takes what the service has read, and what waits after that.
    mutating func consumed(bytes: Int, messages: Int, waitingBytes: Int, waiting: Int, now: Int64) {
        // More than a number can hold is not what a service has read in a moment.
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

    /// The service came, went or has read everything: what was counted is no measure.
    mutating func interrupt() {
        start = nil
        isBusy = false
    }

    private mutating func measure(seconds: Double) {
        messages = (messages + Double(consumedMessages) / seconds) / 2
        bytes = (bytes + Double(consumedBytes) / seconds) / 2
    }
}
