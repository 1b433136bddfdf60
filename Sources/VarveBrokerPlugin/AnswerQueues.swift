// AnswerQueues.swift — limits the answers that the broker holds for clients that do not read them or are
// away.
//
// An answer over a limit is not queued, and the log says so. The sender repeats its message and is answered
// again.
//
// Invariants:
// - The sums are the sums of the queues. What a client has read is subtracted when a limit comes near.
// - A product holds at most its part, and all products together at most `limit`. The small amount that each
//   product and each client may always hold comes on top, and so do the answers of one bundle.

import VarveModel

/// The answers that are held for one client.
final class AnswerQueue {
    let product: String
    let socket: ClientSocket?
    /// Whether its client has subscribed, so that it is likely to read.
    var isSubscribed = false
    /// The bytes on the wire, the cost in the broker and the number of the answers that were let through and
    /// not yet read.
    fileprivate(set) var bytes = 0, cost = 0, messages = 0
    /// The number of answers since the login that would stay when the client goes, let through or refused,
    /// and the bytes of the newest answer.
    fileprivate(set) var answers = 0, answerBytes = 0
    /// The cost let through since the connection was last checked.
    fileprivate var uncheckedCost = 0
    fileprivate var handedToKernel: Int

    init(product: String, socket: ClientSocket?) {
        self.product = product
        self.socket = socket
        handedToKernel = socket?.bytesHandedToKernel() ?? 0
    }
}

/// The answers held in the broker.
struct AnswerQueues {
    /// The owner of the limit that an answer exceeds.
    enum Excess: String {
        case client = "its client"
        case product = "its product"
        case broker = "the broker"
    }

    /// The bytes that the broker keeps for an answer besides its own, rounded up.
    static let fixedBytes = 512
    /// The most cost for a client that is connected.
    static let connectedLimit = 4 << 20
    /// The same for a client without a subscription: it may never read the answers to what it publishes.
    static let unsubscribedLimit = 256 << 10
    /// The most cost, and the most messages, for a session whose client is away.
    static let awayLimit = 1 << 20, awayMessages = 2000
    /// The cost that a product, and a client that is connected, may always hold.
    private static let guaranteedProductCost = 256 << 10, guaranteedReaderCost = 32 << 10
    private static let productPart = 4, uncheckedLimit = 64 << 10
    private let limit: Int
    private var sums: [Name: Int] = [:]
    private var away: [Name: AnswerQueue] = [:]
    private var connected: [ObjectIdentifier: AnswerQueue] = [:]
    private var lastCheck: Int64 = .min
    /// The cost of the answers that the broker was given in this tick and has not sent yet.
    ///
    /// No limit counts them before the next tick: nobody can have read them.
    private var unsent = 0
    /// The cost of all answers that are held.
    private(set) var cost = 0

    /// - Parameter limit: The most cost for all clients.
    init(limit: Int = 32 << 20) {
        self.limit = limit
    }

    /// Counts an answer for a connected client.
    ///
    /// If it is over a limit, counts nothing and returns which limit.
    ///
    /// - Parameters:
    ///   - stays: Whether the broker keeps the answer if the client goes without acknowledging it.
    ///   - isSentLater: Whether the broker sends it only after the tick that goes on.
    ///   - now: A clock that never goes back, in nanoseconds.
    mutating func add(
        bytes: Int, stays: Bool, isSentLater: Bool = false, to queue: AnswerQueue, now: Int64
    ) -> Excess? {
        if stays { queue.answers += 1 }
        // Without a socket to look at, what the client has read is unknown.
        guard queue.socket != nil else { return nil }
        let added = bytes + Self.fixedBytes
        if queue.bytes == 0 || queue.uncheckedCost + added > Self.uncheckedLimit { subtractRead(from: queue) }
        if let excess = excess(added, queue) {
            subtractRead(from: queue)
            if excess != .client { subtractReadFromAll(now: now) }
            if let excess = self.excess(added, queue) { return excess }
        }
        addAnswer(bytes, added, to: queue)
        queue.uncheckedCost += added
        if isSentLater { unsent += added }
        return nil
    }

    /// Begins another tick: what was given to the broker in the last one has been sent as far as it goes.
    mutating func beginTick() { unsent = 0 }

    /// Adds the queue of a client that has logged in.
    mutating func clientConnected(_ queue: AnswerQueue) { connected[ObjectIdentifier(queue)] = queue }

    /// Counts bytes other than answers that the broker writes to a connected client.
    mutating func addOtherBytes(_ bytes: Int, to queue: AnswerQueue) {
        if queue.bytes > 0 { queue.bytes += bytes }
    }

    /// Counts an answer for a client that is away.
    ///
    /// If it is over a limit, counts nothing and returns which limit.
    mutating func add(bytes: Int, toAway clientID: String, product: String) -> Excess? {
        let added = bytes + Self.fixedBytes
        let queue = away[Name(clientID)] ?? AnswerQueue(product: product, socket: nil)
        if let excess = excess(added, queue) { return excess }
        away[Name(clientID)] = queue
        addAnswer(bytes, added, to: queue)
        return nil
    }

    /// Counts the answers that the broker kept for a client from an earlier run.
    mutating func restore(cost: Int, messages: Int, clientID: String, product: String) {
        guard messages > 0 else { return }
        let queue = AnswerQueue(product: product, socket: nil)
        away[Name(clientID)] = queue
        addAnswer(cost, cost, to: queue)
        queue.messages = messages
    }

    /// Drops the count of a client that has returned: each answer that waited is asked about again, or is
    /// gone.
    mutating func clientReturned(_ clientID: String) {
        if let queue = away.removeValue(forKey: Name(clientID)) { change(queue, to: (0, 0, 0)) }
    }

    /// Turns the queue of a client that disconnected into that of a client that is away.
    ///
    /// - Parameters:
    ///   - keepsSession: Whether the broker keeps what the client has not acknowledged.
    ///   - hasAcknowledged: Whether the client acknowledged what it was sent, so that only unsent answers
    ///     stay.
    mutating func clientLeft(
        _ clientID: String, _ queue: AnswerQueue, keepsSession: Bool, hasAcknowledged: Bool
    ) {
        connected[ObjectIdentifier(queue)] = nil
        subtractRead(from: queue)
        let sent = hasAcknowledged ? 0 : min(queue.answers, Self.awayMessages)
        let messages = max(queue.messages, sent)
        let cost = max(queue.cost, sent * (queue.answerBytes + Self.fixedBytes))
        change(queue, to: (0, 0, 0))
        // Answers of quality 0 go with the connection.
        if keepsSession, queue.answers > 0 {
            restore(cost: cost, messages: messages, clientID: clientID, product: queue.product)
        }
    }

    /// Subtracts what all clients have read, at most once in 10 ms.
    mutating func subtractReadFromAll(now: Int64) {
        guard lastCheck == .min || now - lastCheck > 10_000_000 else { return }
        lastCheck = now
        for queue in connected.values where queue.bytes > 0 { subtractRead(from: queue) }
    }

    /// Subtracts what a client has read.
    private mutating func subtractRead(from queue: AnswerQueue) {
        queue.uncheckedCost = 0
        guard let handed = queue.socket?.bytesHandedToKernel() else { return }
        let passed = max(0, handed - queue.handedToKernel)
        queue.handedToKernel = handed
        guard queue.bytes > 0 else { return }
        let rest = max(0, queue.bytes - passed)
        let messages = queue.messages * rest / queue.bytes
        change(queue, to: (rest, min(queue.cost, rest + messages * Self.fixedBytes), messages))
    }

    private func excess(_ added: Int, _ queue: AnswerQueue) -> Excess? {
        let unsent = queue.socket == nil ? 0 : unsent
        let held = queue.cost + added - unsent
        if queue.socket == nil {
            if queue.messages >= Self.awayMessages || held > Self.awayLimit { return .client }
        } else if held > (queue.isSubscribed ? Self.connectedLimit : Self.unsubscribedLimit) {
            return .client
        }
        let sum = sums[Name(queue.product), default: 0] + added - unsent
        // Clients that read must not suffer from those that do not.
        let isReading = queue.socket != nil && held <= Self.guaranteedReaderCost
        if sum <= Self.guaranteedProductCost || isReading { return nil }
        if sum > limit / Self.productPart { return .product }
        return cost + added - unsent > limit ? .broker : nil
    }

    private mutating func addAnswer(_ bytes: Int, _ cost: Int, to queue: AnswerQueue) {
        queue.answerBytes = bytes
        change(queue, to: (queue.bytes + bytes, queue.cost + cost, queue.messages + 1))
    }

    private mutating func change(_ queue: AnswerQueue, to new: (bytes: Int, cost: Int, messages: Int)) {
        let sum = sums[Name(queue.product), default: 0] + new.cost - queue.cost
        sums[Name(queue.product)] = sum > 0 ? sum : nil
        cost += new.cost - queue.cost
        (queue.bytes, queue.cost, queue.messages) = new
    }
}
