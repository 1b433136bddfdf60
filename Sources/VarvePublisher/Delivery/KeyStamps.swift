// KeyStamps.swift — finds unanswered batches that have a reading of the same series and time.
//
// The receiver keeps the later of two messages for the same series and time. A batch that is sent again, or in halves,
// would arrive after later batches. A batch therefore waits for earlier ones that share a series and time with it.
//
// Invariants:
// - Two readings of one series and time have the same key. Other readings may share it, which only costs a wait.

/// Remembers the readings of batches.
struct KeyStamps {
    private struct Slot {
        var key: UInt64
        /// The number of the last batch with the key, from 1; 0 for a free slot.
        var stamp: UInt64
    }

    private var slots = [Slot](repeating: Slot(key: 0, stamp: 0), count: 1 << 12)
    private var used = 0

    /// Adds the readings of a batch.
    ///
    /// - Parameters:
    ///   - stamp: The number of the batch, larger than all before.
    ///   - oldest: The lowest number of an unanswered batch; earlier batches are ignored.
    /// - Returns: The numbers, from `oldest` on, of batches that have a key in common with this batch.
    mutating func add(_ batch: Batch, stamp: UInt64, oldest: UInt64) -> Set<UInt64> {
        if (used + batch.rows.count) * 2 > slots.count { rebuild(room: batch.rows.count, oldest: oldest) }
        var shared: Set<UInt64> = []
        var last: UInt64 = 0
        for row in batch.rows {
            let key = Self.key(batch.series[Int(row.series)].hash, row.time)
            let place = find(key)
            let other = slots[place].stamp
            if other == 0 { used &+= 1 }
            if other >= oldest, other != stamp, other != last {
                shared.insert(other)
                last = other
            }
            slots[place] = Slot(key: key, stamp: stamp)
        }
        return shared
    }

    @inline(__always)
    private func find(_ key: UInt64) -> Int {
        let mask = slots.count &- 1
        var index = Int(truncatingIfNeeded: key >> 8) & mask
        while slots[index].stamp != 0, slots[index].key != key { index = (index &+ 1) & mask }
        return index
    }

    private mutating func rebuild(room: Int, oldest: UInt64) {
        let kept = slots.filter { $0.stamp >= oldest }
        var size = 1 << 12
        while size < (kept.count + room) * 4 { size *= 2 }
        slots = [Slot](repeating: Slot(key: 0, stamp: 0), count: size)
        for slot in kept { slots[find(slot.key)] = slot }
        used = kept.count
    }

    @inline(__always)
    private static func key(_ series: UInt64, _ time: Int64) -> UInt64 {
        var key = series ^ (UInt64(bitPattern: time) &* 0x9E37_79B9_7F4A_7C15)
        key = (key ^ key >> 33) &* 0xFF51_AFD7_ED55_8CCD
        return key ^ key >> 33
    }
}
