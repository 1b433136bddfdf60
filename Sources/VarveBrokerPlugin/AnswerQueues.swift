// AnswerQueues.swift — limits what the broker holds for clients: answers that they do not read, or are away for.
//
// An answer over a limit is not queued and the log says so; the sender repeats its message and is answered again.
//
// Invariants:
// - The sums are those of the queues; what a client has read is taken out when a limit comes near.
// - A product holds at most its part, and all together at most `limit`, but for the little that each may always hold.

/// The answers that are held for one client.
final class AnswerQueue {
    let product: String
    let socket: ClientSocket?
    /// Bytes on the wire and cost in the broker of what was let through, less what was found read.
    fileprivate(set) var bytes = 0, cost = 0, messages = 0
    /// How many answers that stay when the client goes were let through or refused since the login, and the bytes of
    /// the newest answer.
    fileprivate(set) var answers = 0, answerBytes = 0
    /// Cost let through since the connection was last looked at.
    fileprivate var unlooked = 0
    fileprivate var handed: Int

    init(product: String, socket: ClientSocket?) {
        self.product = product
        self.socket = socket
        handed = socket?.handed() ?? 0
    }
}

/// The answers held in the broker.
struct AnswerQueues {
    /// Whose limit an answer is over.
    enum Excess: String {
        case client = "its client"
        case product = "its product"
        case broker = "the broker"
    }

    /// What the broker keeps beside the bytes of an answer, rounded up.
    static let fixed = 512
    /// The most for a client that is connected, in cost.
    static let connectedLimit = 4 << 20
    /// The most for a session whose client is away.
    static let awayLimit = 1 << 20, awayMessages = 2000
    /// What a product, and a client that is connected, may always hold.
    private static let little = 256 << 10, readerPart = 32 << 10
    private static let productPart = 4, lookStep = 64 << 10
    private let limit: Int
    private var sums: [String: Int] = [:]
    private var away: [String: AnswerQueue] = [:]
    private var connected: [ObjectIdentifier: AnswerQueue] = [:]
    private var lastLook: Int64 = .min
    /// The cost of all that is held.
    private(set) var cost = 0

    /// - Parameter limit: The most for all clients, in cost.
    init(limit: Int = 32 << 20) {
        self.limit = limit
    }

    /// Counts an answer for a connected client, unless it is over a limit.
    ///
    /// - Parameters:
    ///   - stays: Whether the broker keeps it for a client that goes without having acknowledged it.
    ///   - now: A clock that never goes back, in nanoseconds.
    mutating func add(bytes: Int, stays: Bool, to queue: AnswerQueue, now: Int64) -> Excess? {
        if stays { queue.answers += 1 }
        // Of a client that cannot be looked at nobody knows what it has read.
        guard queue.socket != nil else { return nil }
        let added = bytes + Self.fixed
        if queue.bytes == 0 || queue.unlooked + added > Self.lookStep { look(at: queue) }
        if let excess = excess(added, queue) {
            look(at: queue)
            if excess != .client { lookAtAll(now: now) }
            if let excess = self.excess(added, queue) { return excess }
        }
        put(bytes, added, in: queue)
        queue.unlooked += added
        return nil
    }

    /// A client has logged in with this queue.
    mutating func joined(_ queue: AnswerQueue) { connected[ObjectIdentifier(queue)] = queue }

    /// Something else is written to a connected client.
    mutating func expect(bytes: Int, to queue: AnswerQueue) {
        if queue.bytes > 0 { queue.bytes += bytes }
    }

    /// Counts an answer for a client that is away, unless it is over a limit.
    mutating func add(bytes: Int, toAway clientID: String, product: String) -> Excess? {
        let added = bytes + Self.fixed
        let queue = away[clientID] ?? AnswerQueue(product: product, socket: nil)
        if let excess = excess(added, queue) { return excess }
        away[clientID] = queue
        put(bytes, added, in: queue)
        return nil
    }

    /// Counts what the broker kept from an earlier run.
    mutating func restore(cost: Int, messages: Int, clientID: String, product: String) {
        guard messages > 0 else { return }
        let queue = AnswerQueue(product: product, socket: nil)
        away[clientID] = queue
        put(cost, cost, in: queue)
        queue.messages = messages
    }

    /// A client has logged in: what waited is asked for again, one by one, or is gone.
    mutating func returned(_ clientID: String) {
        if let queue = away.removeValue(forKey: clientID) { change(queue, to: (0, 0, 0)) }
    }

    /// A client is gone.
    ///
    /// - Parameters:
    ///   - keepsSession: Whether what it has not acknowledged stays.
    ///   - hasAcknowledged: Whether it acknowledged what it was sent, so that only the unsent stays.
    mutating func left(
        _ clientID: String, _ queue: AnswerQueue, keepsSession: Bool, hasAcknowledged: Bool
    ) {
        connected[ObjectIdentifier(queue)] = nil
        look(at: queue)
        let sent = hasAcknowledged ? 0 : min(queue.answers, Self.awayMessages)
        let messages = max(queue.messages, sent)
        let cost = max(queue.cost, sent * (queue.answerBytes + Self.fixed))
        change(queue, to: (0, 0, 0))
        // Answers of quality 0 are gone with the connection.
        if keepsSession, queue.answers > 0 {
            restore(cost: cost, messages: messages, clientID: clientID, product: queue.product)
        }
    }

    /// Takes out of the counts what clients have read; not more than once in 10 ms.
    mutating func lookAtAll(now: Int64) {
        guard lastLook == .min || now - lastLook > 10_000_000 else { return }
        lastLook = now
        for queue in connected.values where queue.bytes > 0 { look(at: queue) }
    }

    /// Takes out of the count what a client has read.
    private mutating func look(at queue: AnswerQueue) {
        queue.unlooked = 0
        guard let handed = queue.socket?.handed() else { return }
        let passed = max(0, handed - queue.handed)
        queue.handed = handed
        guard queue.bytes > 0 else { return }
        let rest = max(0, queue.bytes - passed)
        let messages = queue.messages * rest / queue.bytes
        change(queue, to: (rest, min(queue.cost, rest + messages * Self.fixed), messages))
    }

    private func excess(_ added: Int, _ queue: AnswerQueue) -> Excess? {
        if queue.socket == nil {
            if queue.messages >= Self.awayMessages || queue.cost + added > Self.awayLimit { return .client }
        } else if queue.cost + added > Self.connectedLimit {
            return .client
        }
        let sum = sums[queue.product, default: 0] + added
        // Who reads is not to suffer from who does not.
        let isReading = queue.socket != nil && queue.cost + added <= Self.readerPart
        if sum <= Self.little || isReading { return nil }
        if sum > limit / Self.productPart { return .product }
        return cost + added > limit ? .broker : nil
    }

    private mutating func put(_ bytes: Int, _ cost: Int, in queue: AnswerQueue) {
        queue.answerBytes = bytes
        change(queue, to: (queue.bytes + bytes, queue.cost + cost, queue.messages + 1))
    }

    private mutating func change(_ queue: AnswerQueue, to new: (bytes: Int, cost: Int, messages: Int)) {
        let sum = sums[queue.product, default: 0] + new.cost - queue.cost
        sums[queue.product] = sum > 0 ? sum : nil
        cost += new.cost - queue.cost
        (queue.bytes, queue.cost, queue.messages) = new
    }
}
