// ItemErrors.swift — what is wrong with the items of one message: all faults, so that a sender can mend them at once.
//
// Invariants:
// - The first `shown` faults are kept in words, the others are counted.
// - Once `isFull`, no more faults are looked for: a message of nothing but faults costs bounded work.

import VarveModel

/// The faults of the items of one message.
struct ItemErrors {
    /// One fault.
    struct Entry {
        /// The place of the item in `params`, from 0.
        var index: Int
        /// The device that the item names, as far as it is known.
        var device: String?
        /// The point, event or attribute, if the fault is about one.
        var point: String?
        /// The code that the message would get if it had only this fault.
        var code: ReplyCode
        /// The fault in words.
        var reason: String
    }

    /// The most faults that are kept in words.
    static let shown = 100
    /// The most faults that are looked for.
    private static let limit = 10_000

    /// The first faults, in the order in which they were found.
    private(set) var entries: [Entry] = []
    /// The number of faults.
    private(set) var count = 0
    /// The first fault that is about more than the value of one point, so that leaving out the value does not mend it.
    private(set) var firstOfItem: Entry?

    /// Whether no more faults are looked for.
    var isFull: Bool { count >= Self.limit }

    /// Adds a fault.
    mutating func add(_ entry: Entry) {
        count += 1
        if entries.count < Self.shown { entries.append(entry) }
        if entry.point == nil, firstOfItem == nil { firstOfItem = entry }
    }

    mutating func removeAll() {
        if count > 0 { self = ItemErrors() }
    }
}

extension RequestFailure {
    /// The failure of a message because of a fault of an item.
    init(_ entry: ItemErrors.Entry) {
        self.init(entry.code, entry.reason, device: entry.device)
    }
}
