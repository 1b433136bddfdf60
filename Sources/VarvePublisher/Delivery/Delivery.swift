// Delivery.swift — sends each batch until it has a final answer.
//
// Invariants:
// - At most `window` batches are without a final answer.
// - Two batches with readings of the same series and time are never sent at once, so the later one arrives later.
// - After a new connection all unanswered batches are sent again, in order, before new ones.

import VarvePlatform

/// Follows a delivery; called inside the calls of `Delivery`.
protocol DeliveryObserver: AnyObject {
    /// Called when the receiver has refused a row and it will not be sent again.
    func refused(_ row: Batch.Row, of batch: Batch, _ reply: Reply)

    /// Called when every row of a batch is taken or refused.
    func finished(_ shipment: Shipment) throws

    /// Called regularly while the delivery works or waits; throws to stop it.
    func waiting() throws
}

/// Sends batches and waits for their replies.
final class Delivery {
    /// The number of repeated sends of messages.
    private(set) var resent: UInt64 = 0
    weak var observer: (any DeliveryObserver)?
    private let options: PublisherOptions
    private let link: Link
    private var shipments: [Shipment] = []
    private var byID: [String: Shipment] = [:]
    private var stamps = KeyStamps()
    private var lastNumber: UInt64 = 0
    private var generation = 0
    private var nextDeadline = Int64.max
    private var lastAnswer: Int64 = 0

    private static let longestWait: Int32 = 200
    private static let largestFactor = 16
    private static let loginNanoseconds: Int64 = 10_000_000_000

    init(_ options: PublisherOptions) {
        self.options = options
        link = Link(options)
    }

    /// Why there is no connection; nil while there is one.
    var trouble: String? { link.trouble }

    /// Tries to log in, so that a wrong password is known at once; an unreachable broker is not an error yet.
    ///
    /// - Throws: `PublisherError.refused`, and what the observer throws.
    func logIn() throws {
        let end = SystemClock.monotonicNanoseconds() + Self.loginNanoseconds
        guard !link.isReady else { return }
        repeat {
            try exchange(waiting: Self.longestWait)
        } while link.isOpening
            && SystemClock.monotonicNanoseconds() < end
    }

    /// Sends a batch; waits while the window is full or an unanswered batch shares a reading with it.
    ///
    /// - Throws: `PublisherError`, and what the observer throws.
    func ship(_ batch: Batch, prefix: String, message: [UInt8], tag: UInt64) throws {
        lastNumber += 1
        let oldest = shipments.first?.number ?? lastNumber
        let shared = stamps.add(batch, stamp: lastNumber, oldest: oldest)
        while shipments.count >= options.window || shipments.contains(where: { shared.contains($0.number) }) {
            try exchange(waiting: Self.longestWait)
        }
        if shipments.isEmpty { lastAnswer = SystemClock.monotonicNanoseconds() }
        let shipment = Shipment(batch, prefix: prefix, number: lastNumber, message: message, tag: tag)
        shipments.append(shipment)
        byID[shipment.id] = shipment
        try send(shipment)
        try exchange(waiting: 0)
    }

    /// Waits until every batch has a final answer.
    ///
    /// - Throws: `PublisherError`, and what the observer throws.
    func drain() throws {
        while !shipments.isEmpty { try exchange(waiting: Self.longestWait) }
    }

    /// Keeps the connection alive while there is nothing to send; does not wait.
    ///
    /// - Throws: `PublisherError`, and what the observer throws.
    func idle() throws {
        if link.isReady || link.isOpening || !shipments.isEmpty { return try exchange(waiting: 0) }
        try observer?.waiting()
    }

    /// Forgets unanswered batches and closes the connection.
    func close() {
        shipments = []
        byID = [:]
        link.disconnect()
    }

    private func exchange(waiting milliseconds: Int32) throws {
        let now = SystemClock.monotonicNanoseconds()
        let left = nextDeadline == .max ? Int64(milliseconds) : max(0, (nextDeadline - now) / 1_000_000 + 1)
        try link.step(milliseconds: min(milliseconds, Int32(clamping: left)))
        for reply in link.takeReplies() { try handle(reply) }
        if link.isReady, generation != link.generation {
            generation = link.generation
            for shipment in shipments { shipment.sentAt = nil }
            for shipment in shipments { try send(shipment) }
        }
        try sendOverdue()
        try observer?.waiting()
        guard let limit = options.giveUpSeconds, !shipments.isEmpty else { return }
        let silent = Double(SystemClock.monotonicNanoseconds() - lastAnswer) / 1e9
        if silent > limit {
            throw PublisherError.gaveUp(
                seconds: limit, reason: link.trouble ?? "the receiver does not answer")
        }
    }

    private func send(_ shipment: Shipment) throws {
        guard link.isReady, generation == link.generation else { return }
        shipment.sentAt = SystemClock.monotonicNanoseconds()
        try link.publish(shipment.message)
        guard link.isReady else { return }
        shipment.attempts += 1
        if shipment.attempts > 1 { resent += 1 }
        let factor = min(Self.largestFactor, 1 << min(shipment.attempts - 1, 10))
        schedule(shipment, seconds: options.replySeconds * Double(factor))
    }

    private func schedule(_ shipment: Shipment, seconds: Double) {
        shipment.deadline = SystemClock.monotonicNanoseconds() + Int64(seconds * 1e9)
        nextDeadline = min(nextDeadline, shipment.deadline)
    }

    private func sendOverdue() throws {
        let now = SystemClock.monotonicNanoseconds()
        guard link.isReady, now >= nextDeadline else { return }
        nextDeadline = .max
        for shipment in shipments {
            if now >= shipment.deadline {
                try send(shipment)
            } else {
                nextDeadline = min(nextDeadline, shipment.deadline)
            }
        }
    }

    private func handle(_ reply: Reply) throws {
        guard let shipment = byID[reply.id] else { return }
        lastAnswer = SystemClock.monotonicNanoseconds()
        let isFinished: Bool
        switch reply.meaning {
        case .taken: isFinished = shipment.markTaken()
        case .never: throw PublisherError.notTaken(code: reply.code, message: reply.message)
        case .later: return schedule(shipment, seconds: min(1, options.replySeconds))
        case .split:
            isFinished = shipment.split(reply) { [observer] row in
                observer?.refused(row, of: shipment.batch, reply)
            }
        }
        byID[reply.id] = nil
        guard isFinished else {
            byID[shipment.id] = shipment
            return try send(shipment)
        }
        shipments.removeAll { $0 === shipment }
        try observer?.finished(shipment)
    }
}
