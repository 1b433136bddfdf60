// OverloadGuard.swift — keeps the broker's queue for the service within its budget, and fair between
// products.
//
// The broker silently drops messages that do not fit in a full queue, so senders are turned away before. What
// waits is what the broker accepted from clients minus what the service has reported, product by product.
//
// Invariants:
// - Whatever the service reports, no count falls below 0. The totals are the sums over the products.
// - One product has at most 3/4 of the budget, and the last eighth is kept for products of which little
//   waits. So no product can fill the queue for the others.
// - While the service reads, a product whose backlog keeps others waiting is paused before any other product.

public import VarveChannel
import VarveModel

/// Counts what waits for the service, and decides who is turned away.
public struct OverloadGuard: Sendable {
    /// The new state of a product after an `update`.
    public enum Change: Hashable, Sendable {
        /// Its logins are refused: it has nearly used up its part of the queue.
        case closed
        /// Its senders must be disconnected: it has used up its part of the queue.
        case full
        /// Its senders must be disconnected and its logins refused for this time, because others would wait.
        case paused(seconds: Double)
        /// Its senders must be disconnected: they went on sending in a pause.
        case stillSending
        /// Its logins are accepted again.
        case open
    }

    /// The answer to a message.
    public enum Answer: Sendable {
        case taken
        /// The message was not counted and must not be queued.
        case refused
    }

    private struct Load: Sendable {
        var bytes = 0, messages = 0
        var change = Change.open
        var lastSent = Int64.min
        /// Whether the product sent something since its senders were last disconnected.
        var hasSent = false
        /// Whether one of its messages was refused since then.
        var isRefused = false
        var pausedUntil = Int64.min
        var pauses = 0

        /// Whether the product is paused, or was paused and is not open again.
        var isPaused: Bool {
            if case .paused = change { true } else { false }
        }
    }

    private static let second: Int64 = 1_000_000_000
    /// The time for which a product that sent something must not be kept waiting by others, in nanoseconds.
    private static let activity = 120 * second
    private static let firstPause = 0.5, longestPause = 8.0
    private let byteLimit: Int?
    private let messageLimit: Int?
    private var loads: [Name: Load] = [:]
    private var rate = ServiceRate()
    private var isReading = false
    /// The cost of all messages that wait, in bytes.
    public private(set) var bytes = 0
    /// The number of messages that wait.
    public private(set) var messages = 0

    /// Makes a guard with nothing waiting.
    ///
    /// - Parameters:
    ///   - byteLimit: The most cost of waiting messages, in bytes; nil for no limit.
    ///   - messageLimit: The most waiting messages; nil for no limit.
    public init(byteLimit: Int?, messageLimit: Int?) {
        self.byteLimit = byteLimit
        self.messageLimit = messageLimit
    }

    /// The cost and the number of a product's messages that wait.
    public func waiting(product: String) -> (bytes: Int, messages: Int) {
        loads[Name(product)].map { ($0.bytes, $0.messages) } ?? (0, 0)
    }

    /// Counts messages that were waiting when the plugin started.
    public mutating func addWaitingAtStart(bytes size: Int, messages count: Int, product: String) {
        add(size, count, to: Name(product))
    }

    /// Counts a message that a client sent, unless its product has no room for it.
    ///
    /// - Parameter now: A clock that never goes back, in nanoseconds.
    public mutating func accept(cost: Int, product: String, now: Int64) -> Answer {
        let product = Name(product)
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

    /// Subtracts what the service reports.
    public mutating func apply(_ report: ConsumptionReport, now: Int64) {
        switch report {
        case .consumed(let lines):
            for line in lines {
                // Messages that the service reports without a product are subtracted from the product with
                // the largest cost.
                let name = line.product.isEmpty ? fullest() : Name(line.product)
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

    /// Stops the measurement of the service's speed, because the service connected or disconnected.
    public mutating func interruptMeasurement() { rate.interrupt() }

    /// Why a product's logins are refused now; nil if they are accepted.
    public func refusal(product: String, now: Int64) -> String? {
        guard let load = loads[Name(product)] else { return isNear(Load()) ? Self.queueIsFull : nil }
        if isNear(load) { return Self.queueIsFull }
        if load.pausedUntil > now || load.isPaused {
            let seconds = max(1, (max(load.pausedUntil, now) - now + Self.second - 1) / Self.second)
            return "this product sends faster than the service reads and others wait: again in \(seconds) s"
        }
        return load.change == .closed || load.change == .full ? Self.queueIsFull : nil
    }

    /// The changes of products since the last call.
    ///
    /// A change is returned once, but each time if senders must be disconnected.
    ///
    /// - Parameter isReading: Whether the service is connected.
    public mutating func update(now: Int64, isReading: Bool) -> [(product: String, change: Change)] {
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
            changes.append((product.text, change))
        }
        return changes
    }

    private static let queueIsFull = "the queue is full: the service does not keep up with what is sent"

    /// The next change of a product; nil for no change.
    private mutating func next(_ product: Name, _ load: Load, isBurden: Bool, now: Int64) -> Change? {
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

    private mutating func pause(_ product: Name, now: Int64) -> Change {
        guard var load = loads[product] else { return .open }
        let isRepeated = now < load.pausedUntil.addingSaturated(30 * Self.second)
        load.pauses = isRepeated ? min(load.pauses + 1, 16) : 0
        var seconds = Self.firstPause
        for _ in 0..<load.pauses { seconds = min(seconds * 2, Self.longestPause) }
        load.pausedUntil = now.addingSaturated(Int64(seconds * Double(Self.second)))
        loads[product] = load
        return .paused(seconds: seconds)
    }

    /// The product that keeps others waiting: the one with the largest backlog, if another one has a small
    /// backlog.
    private func burden(now: Int64) -> Name? {
        guard rate.isBurden(bytes: bytes, messages: messages), let heaviest = fullest(),
            let load = loads[heaviest], load.hasSent || load.pausedUntil > now
        else { return nil }
        let hasNeighbour = loads.contains { product, other in
            product != heaviest && now < other.lastSent.addingSaturated(Self.activity)
                && other.bytes < load.bytes / 4 && other.messages < load.messages / 4
        }
        return hasNeighbour ? heaviest : nil
    }

    private func fullest() -> Name? { loads.max { $0.value.bytes < $1.value.bytes }?.key }

    private mutating func add(_ size: Int, _ count: Int, to product: Name) {
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
    /// Whether a product has no room for another message of this cost.
    private func isFull(_ load: Load, adding cost: Int) -> Bool {
        let count = cost > 0 ? 1 : 0
        return exceeds(load.bytes.addingSaturated(cost), load.messages + count, 3, of: 4)
            || exceeds(bytes.addingSaturated(cost), messages + count, 7, of: 8) && !hasLittle(load)
            || exceeds(bytes.addingSaturated(cost), messages + count, 1, of: 1)
    }

    /// Whether a product has nearly no room left.
    private func isNear(_ load: Load) -> Bool {
        exceeds(load.bytes, load.messages, 5, of: 8)
            || exceeds(bytes, messages, 3, of: 4) && !hasLittle(load)
            || exceeds(bytes, messages, 15, of: 16)
    }

    /// Whether a product has enough room to be let in again.
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
    /// The sum, clamped to the range of the type.
    fileprivate func addingSaturated(_ other: Self) -> Self {
        let (sum, isOverflow) = addingReportingOverflow(other)
        return isOverflow ? (other < 0 ? .min : .max) : sum
    }
}
