// DistinctTexts.swift — the distinct texts of a column in order of first appearance, and the index of each.

struct DistinctTexts {
    private(set) var bytes: [UInt8] = []
    private(set) var ends: [Int] = []
    private(set) var indexes: [Int64] = []

    /// Collects the distinct texts.
    ///
    /// Returns nil as soon as there are more than `limit`.
    init?(bytes source: UnsafeBufferPointer<UInt8>, ends sourceEnds: UnsafeBufferPointer<Int>, limit: Int) {
        let capacity = 1 << (BitPacking.width(of: UInt64(limit)) + 1)
        var slots = [Int32](repeating: -1, count: capacity)
        var hashes: [UInt64] = []
        indexes.reserveCapacity(sourceEnds.count)
        var start = 0
        for end in sourceEnds {
            let text = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(source)[start..<end])
            start = end
            let hash = Checksum.of(text)
            var slot = Int(truncatingIfNeeded: hash) & (capacity - 1)
            while slots[slot] >= 0 {
                let entry = Int(slots[slot])
                if hashes[entry] == hash && isEntry(entry, text) { break }
                slot = (slot + 1) & (capacity - 1)
            }
            if slots[slot] < 0 {
                if ends.count == limit { return nil }
                slots[slot] = Int32(ends.count)
                bytes.append(contentsOf: text)
                ends.append(bytes.count)
                hashes.append(hash)
            }
            indexes.append(Int64(slots[slot]))
        }
    }

    private func isEntry(_ entry: Int, _ text: UnsafeRawBufferPointer) -> Bool {
        bytes[(entry == 0 ? 0 : ends[entry - 1])..<ends[entry]].elementsEqual(text)
    }
}
