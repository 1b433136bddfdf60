// ItemTable.swift — finds the item of a message that a row belongs to.
//
// Invariants:
// - A row goes into the latest item of its device and time, or into a new item if that item has its point.
// - Of two rows of the same device, time and point the later one is in a later item.

/// Finds items by device and time.
struct ItemTable {
    /// A slot of the hash table: the last item of (device, time), or the item that (series, time) is in.
    private struct Slot {
        var name: UInt64
        var time: Int64
        var item: UInt32
        /// The stamp of the batch that filled the slot; a slot with an earlier stamp is free.
        var stamp: UInt32
    }

    private var slots: [Slot]
    private let mask: Int
    private var stamp: UInt32 = 1
    private var last: (name: UInt64, time: Int64, slot: Int)?

    init(capacity: Int) {
        // Each row has at most two entries; the free places keep searches short.
        var size = 64
        while size < capacity * 4 { size *= 2 }
        slots = [Slot](repeating: Slot(name: 0, time: 0, item: 0, stamp: 0), count: size)
        mask = size - 1
    }

    /// The item of a row.
    ///
    /// - Parameter count: The number of items so far; grows by one for a new item.
    @inline(__always)
    mutating func item(device: UInt32, series: UInt32, time: Int64, count: inout Int) -> UInt32 {
        let group = UInt64(device) | 1 << 32
        let groupSlot: Int
        if let last, last.name == group, last.time == time {
            groupSlot = last.slot
        } else {
            groupSlot = find(group, time)
            last = (group, time, groupSlot)
        }
        if slots[groupSlot].stamp != stamp {
            slots[groupSlot] = Slot(name: group, time: time, item: nextItem(&count), stamp: stamp)
        }
        let rowSlot = find(UInt64(series), time)
        if slots[rowSlot].stamp == stamp, slots[rowSlot].item == slots[groupSlot].item {
            slots[groupSlot].item = nextItem(&count)
        }
        slots[rowSlot] = Slot(
            name: UInt64(series), time: time, item: slots[groupSlot].item, stamp: stamp)
        return slots[groupSlot].item
    }

    /// Forgets all items.
    mutating func removeAll() {
        last = nil
        stamp &+= 1
        guard stamp == 0 else { return }
        for index in slots.indices { slots[index].stamp = 0 }
        stamp = 1
    }

    private func nextItem(_ count: inout Int) -> UInt32 {
        defer { count += 1 }
        return UInt32(truncatingIfNeeded: count)
    }

    @inline(__always)
    private func find(_ name: UInt64, _ time: Int64) -> Int {
        var hash = (name &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(bitPattern: time)
        hash = (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93
        var index = Int(truncatingIfNeeded: hash >> 20) & mask
        while slots[index].stamp == stamp, slots[index].name != name || slots[index].time != time {
            index = (index &+ 1) & mask
        }
        return index
    }
}
