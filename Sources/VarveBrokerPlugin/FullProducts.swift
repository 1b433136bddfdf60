// FullProducts.swift — products that are refused answers for absent clients for a moment, because they hold
// too many.
//
// The broker asks for each session of a product whether it may keep an answer. A product may have a thousand
// sessions, so the answer "no" must cost next to nothing. It follows from the product in the topic, without a
// look at the session.
//
// Invariants:
// - All full products are released together, at the first tick that is `moment` or more after the first was
//   marked. The answers refused until then are counted for the log.

import VarveAccess

/// The products that hold all the answers they may hold.
struct FullProducts {
    private struct Entry {
        let name: [UInt8]
        var refused = 0
    }

    /// How long a product counts as full, in nanoseconds.
    static let moment: Int64 = 50_000_000
    private static let limit = 16
    private var entries: [Entry] = []
    private var began: Int64 = 0

    /// Marks the product in the topic as full.
    mutating func markFull(_ topic: UnsafeRawBufferPointer, now: Int64) {
        guard entries.count < Self.limit else { return }
        if entries.isEmpty { began = now }
        entries.append(Entry(name: Array(TopicRights.product(of: topic))))
    }

    /// Refuses an answer on this topic if its product is full.
    mutating func refuses(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard !entries.isEmpty else { return false }
        let product = TopicRights.product(of: topic)
        for index in entries.indices where product.elementsEqual(entries[index].name) {
            entries[index].refused += 1
            return true
        }
        return false
    }

    /// Ends the moment if it is over.
    ///
    /// - Returns: How many answers were refused, by product.
    mutating func releaseIfOver(now: Int64) -> [(product: String, refused: Int)] {
        guard !entries.isEmpty, now - began >= Self.moment else { return [] }
        defer { entries.removeAll(keepingCapacity: true) }
        return entries.filter { $0.refused > 0 }.map {
            (String(decoding: $0.name, as: UTF8.self), $0.refused)
        }
    }
}
