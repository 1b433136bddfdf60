// OverloadGuard.swift — keeps the broker's queue for the service within its budget, and fair between products.
//
// The broker drops messages of a full queue without telling anybody, so senders are turned away before. What waits is
// what the broker took from clients less what the service has reported, product by product.
//
// Invariants:
// - No count falls below 0, whatever the service reports; the totals are the sums of the products.
// - One product has at most 3/4 of the budget, and the last eighth is kept for products that have little waiting:
//   nobody fills the queue for the others.
// - While the service reads, a product whose backlog keeps others waiting is paused before anybody else is.

package import VarveChannel

/// What waits for the service, and what follows from it.
package struct OverloadGuard: Sendable {
    /// What became of a product at an `update`.
    package enum Change: Hashable, Sendable {
        /// Its logins are refused: its part of the queue is nearly used up.
        case closed
        /// Its senders are to be disconnected: its part of the queue is used up.
        case full
        /// Its senders are to be disconnected, and its logins are refused for so many seconds: others would wait.
        case paused(seconds: Double)
        /// Its senders are to be disconnected: they went on in a pause.
        case stillSending
        /// Its logins are accepted again.
        case open
    }

    /// How a message is taken.
    package enum Answer: Sendable {
        case taken
        /// It was not counted and must not be queued.
        case refused
    }

    private struct Load: Sendable {
        var bytes = 0, messages = 0
        var change = Change.open
        var lastSent = Int64.min
        /// Whether it sent something since its senders were last disconnected.
        var hasSent = false
        /// Whether a message of it was refused since then.
        var isRefused = false
        var pausedUntil = Int64.min
        var pauses = 0

        /// Whether it is paused, or was and has not been let in again.
        var isPaused: Bool {
            if case .paused = change { true } else { false }
        }
    }

    private static let second: Int64 = 1_000_000_000
    /// How long a product that sent something is one that others must not keep waiting.
    private static let activity = 120 * second
    private static let firstPause = 0.5, longestPause = 8.0
    private let byteLimit: Int?
    private let messageLimit: Int?
    private var loads: [String: Load] = [:]
    private var rate = ServiceRate()
    private var isReading = false
    /// The cost that waits.
    package private(set) var bytes = 0
    /// The messages that wait.
    package private(set) var messages = 0

    /// Makes a guard.
    ///
    /// - Parameters:
    ///   - byteLimit: The cost of messages that may wait; nil for no limit.
    ///   - messageLimit: The messages that may wait; nil for no limit.
    package init(byteLimit: Int?, messageLimit: Int?) {
        self.byteLimit = byteLimit
        self.messageLimit = messageLimit
    }

    /// What waits of a product: cost and messages.
    package func waiting(product: String) -> (bytes: Int, messages: Int) {
        loads[product].map { ($0.bytes, $0.messages) } ?? (0, 0)
    }

    /// Counts what was found waiting at the start.
    package mutating func found(bytes size: Int, messages count: Int, product: String) {
        add(size, count, to: product)
    }

    /// Counts a message that a client sent, unless its product has no room for it.
    ///
    /// - Parameter now: A clock that never goes back, in nanoseconds.
    package mutating func accept(cost: Int, product: String, now: Int64) -> Answer {
        var load = loads[product] ?? Load()
        load.lastSent = now
        load.hasSent = true
        load.isRefused = load.isRefused || isFull(load, adding: cost)
        if !load.isRefused {
            load.bytes = load.bytes.addingSaturated(cost)
            load.messages += 1
            bytes = bytes.addingSaturated(cost)
            messages += 1
        }
        loads[product] = load
        return load.isRefused ? .refused : .taken
    }

    /// Takes a report of the service.
    package mutating func take(_ report: ConsumptionReport, now: Int64) {
        switch report {
        case .consumed(let lines):
            for line in lines {
                // What the service could not name is taken from the product that has most.
                let name = line.product.isEmpty ? fullest() : line.product
                if let name, loads[name] != nil { add(-line.cost, -line.messages, to: name) }
            }
            rate.consumed(
                bytes: lines.reduce(0) { $0.addingSaturated($1.cost) },
                messages: lines.reduce(0) { $0.addingSaturated($1.messages) }, waitingBytes: bytes,
                waiting: messages, now: now)
        case .drained:
            for product in loads.keys {
                loads[product]?.bytes = 0
                loads[product]?.messages = 0
            }
            bytes = 0
            messages = 0
            rate.interrupt()
        }
    }

    /// The service came or went.
    package mutating func interrupted() { rate.interrupt() }

    /// Why a product's logins are refused now; nil if they are not.
    package func refusal(product: String, now: Int64) -> String? {
        guard let load = loads[product] else { return isNear(Load()) ? Self.queueIsFull : nil }
        if isNear(load) { return Self.queueIsFull }
        if load.pausedUntil > now || load.isPaused {
            let seconds = max(1, (max(load.pausedUntil, now) - now + Self.second - 1) / Self.second)
            return "this product sends faster than the service reads and others wait: again in \(seconds) s"
        }
        return load.change == .closed || load.change == .full ? Self.queueIsFull : nil
    }

    /// What the counts change for the products; once per change, and each time for senders to be disconnected.
    ///
    /// - Parameter isReading: Whether the service is connected.
    package mutating func update(now: Int64, isReading: Bool) -> [(product: String, change: Change)] {
        var changes: [(product: String, change: Change)] = []
        self.isReading = isReading
        let burden = isReading ? burden(now: now) : nil
        for (product, load) in loads {
            guard let change = next(product, load, isBurden: product == burden, now: now) else {
                if load.bytes == 0, load.messages == 0, load.change == .open,
                    now > load.lastSent.addingSaturated(Self.activity)
                {
                    loads[product] = nil
                }
                continue
            }
            switch change {
            case .full, .paused, .stillSending:
                loads[product]?.hasSent = false
                loads[product]?.isRefused = false
            case .closed, .open: break
            }
            if change != .stillSending { loads[product]?.change = change }
            changes.append((product, change))
        }
        return changes
    }

    private static let queueIsFull = "the queue is full: the service does not keep up with what is sent"

    /// What becomes of a product; nil for nothing new.
    private mutating func next(_ product: String, _ load: Load, isBurden: Bool, now: Int64) -> Change? {
        if isFull(load, adding: 0) || load.isRefused {
            guard load.change == .full else { return .full }
            return load.hasSent ? .stillSending : nil
        }
        if isBurden, load.pausedUntil <= now { return pause(product, now: now) }
        if load.pausedUntil > now, load.isPaused { return load.hasSent ? .stillSending : nil }
        switch load.change {
        case .open: return isNear(load) ? .closed : nil
        case .paused
        where isReading && rate.isBurden(bytes: load.bytes, messages: load.messages, part: 0.5): return nil
        case .full, .closed, .paused, .stillSending: return isRoomy(load) ? .open : nil
        }
    }

    private mutating func pause(_ product: String, now: Int64) -> Change {
        guard var load = loads[product] else { return .open }
        let isRepeated = now < load.pausedUntil.addingSaturated(30 * Self.second)
        load.pauses = isRepeated ? min(load.pauses + 1, 16) : 0
        var seconds = Self.firstPause
        for _ in 0..<load.pauses { seconds = min(seconds * 2, Self.longestPause) }
        load.pausedUntil = now.addingSaturated(Int64(seconds * Double(Self.second)))
        loads[product] = load
        return .paused(seconds: seconds)
    }

    /// The product that keeps others waiting: the one with the largest backlog, if there is another with little.
    private func burden(now: Int64) -> String? {
        guard rate.isBurden(bytes: bytes, messages: messages), let heaviest = fullest(),
            let load = loads[heaviest], load.hasSent || load.pausedUntil > now
        else { return nil }
        let hasNeighbour = loads.contains { product, other in
            product != heaviest && now < other.lastSent.addingSaturated(Self.activity)
                && other.bytes < load.bytes / 4 && other.messages < load.messages / 4
        }
        return hasNeighbour ? heaviest : nil
    }

    private func fullest() -> String? { loads.max { $0.value.bytes < $1.value.bytes }?.key }

    private mutating func add(_ size: Int, _ count: Int, to product: String) {
        var load = loads[product] ?? Load()
        let newBytes = max(0, load.bytes.addingSaturated(size))
        let newMessages = max(0, load.messages.addingSaturated(count))
        bytes = bytes.addingSaturated(newBytes - load.bytes)
        messages = messages.addingSaturated(newMessages - load.messages)
        load.bytes = newBytes
        load.messages = newMessages
        loads[product] = load
    }
}

// MARK: - The parts of the budget

extension OverloadGuard {
    /// Whether a product has no room for another message of a cost.
    private func isFull(_ load: Load, adding cost: Int) -> Bool {
        let count = cost > 0 ? 1 : 0
        return exceeds(load.bytes.addingSaturated(cost), load.messages + count, 3, of: 4)
            || exceeds(bytes.addingSaturated(cost), messages + count, 7, of: 8) && !hasLittle(load)
            || exceeds(bytes.addingSaturated(cost), messages + count, 1, of: 1)
    }

    /// Whether a product comes near to having no room.
    private func isNear(_ load: Load) -> Bool {
        exceeds(load.bytes, load.messages, 5, of: 8)
            || exceeds(bytes, messages, 3, of: 4) && !hasLittle(load)
            || exceeds(bytes, messages, 15, of: 16)
    }

    /// Whether a product has room enough to be let in again.
    private func isRoomy(_ load: Load) -> Bool {
        !exceeds(load.bytes, load.messages, 1, of: 2)
            && (!exceeds(bytes, messages, 5, of: 8) || hasLittle(load))
            && !exceeds(bytes, messages, 7, of: 8)
    }

    private func hasLittle(_ load: Load) -> Bool { !exceeds(load.bytes, load.messages, 1, of: 32) }

    private func exceeds(_ bytes: Int, _ messages: Int, _ part: Int, of whole: Int) -> Bool {
        func isAbove(_ count: Int, _ limit: Int?) -> Bool {
            guard let limit else { return false }
            return Double(count) * Double(whole) > Double(limit) * Double(part)
        }
        return isAbove(bytes, byteLimit) || isAbove(messages, messageLimit)
    }
}

extension FixedWidthInteger {
    /// The sum, or the nearest number that there is.
    fileprivate func addingSaturated(_ other: Self) -> Self {
        let (sum, isOverflow) = addingReportingOverflow(other)
        return isOverflow ? (other < 0 ? .min : .max) : sum
    }
}
