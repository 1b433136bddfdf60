// DistinctValues.swift — the distinct values of a column in ascending order, and the index of each value.

struct DistinctValues {
    private(set) var entries: [Int64] = []
    private(set) var indexes: [Int64] = []

    /// Collects the distinct values.
    ///
    /// Returns nil as soon as there are more than `limit`, or a sample suggests it.
    init?(_ values: UnsafeBufferPointer<Int64>, limit: Int) {
        if limit < 1 || Self.sampleSaysMany(values, limit: limit) { return nil }
        let capacity = 1 << (BitPacking.width(of: UInt64(limit)) + 1)
        let slotBits = UInt64(64 - capacity.trailingZeroBitCount)
        var slots = [Int32](repeating: -1, count: capacity)
        indexes = [Int64](repeating: 0, count: values.count)
        for position in 0..<values.count {
            let value = values[position]
            var slot = Int((UInt64(bitPattern: value) &* 0x9E37_79B9_7F4A_7C15) &>> slotBits)
            while true {
                let found = slots[slot]
                if found < 0 {
                    if entries.count == limit { return nil }
                    slots[slot] = Int32(entries.count)
                    indexes[position] = Int64(entries.count)
                    entries.append(value)
                    break
                }
                if entries[Int(found)] == value {
                    indexes[position] = Int64(found)
                    break
                }
                slot = (slot &+ 1) & (capacity &- 1)
            }
        }
        sortEntries()
    }

    private mutating func sortEntries() {
        let order = entries.indices.sorted { entries[$0] < entries[$1] }
        var rank = [Int64](repeating: 0, count: order.count)
        for (position, entry) in order.enumerated() { rank[entry] = Int64(position) }
        entries = order.map { entries[$0] }
        for position in indexes.indices { indexes[position] = rank[Int(indexes[position])] }
    }

    /// Whether a sample has so few repeats that counting all values would waste time.
    private static func sampleSaysMany(_ values: UnsafeBufferPointer<Int64>, limit: Int) -> Bool {
        let taken = 256
        if values.count < 4 * taken { return false }
        var sample = (0..<taken).map { values[$0 * values.count / taken] }
        sample.sort()
        var distinct = 1
        for index in 1..<taken where sample[index] != sample[index - 1] { distinct += 1 }
        return distinct > taken - 6
    }
}
