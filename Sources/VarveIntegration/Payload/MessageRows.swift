// MessageRows.swift — the rows of one message, in its order, as flat columns.
//
// Invariants:
// - `count` rows are filled in every column, and a row's `owner` is an index into the slots.
// - The bits of a text are its offset in `text` times 2^32 plus its length.
// - The slot that a cell remembers is used only if it names the same series as the cell.

import VarveModel

/// Flat columns of rows, grouped by series at the end.
struct MessageRows: ~Copyable {
    private struct Slot {
        var series: UInt64
        var type: ValueType
        var policy: DuplicatePolicy
        var rows: Int
        /// The last item that named the series.
        var item: Int
    }

    private(set) var count = 0
    /// Rows without a value and without a quality: not kept.
    private(set) var skipped = 0
    /// The texts of the message.
    var text: [UInt8] = []
    private var slots: [Slot] = []
    /// The number of items that have ended.
    private(set) var item = 0
    private var itemStart = 0
    private var capacity = 256
    private var times: UnsafeMutablePointer<Int64>
    private var bits: UnsafeMutablePointer<UInt64>
    private var states: UnsafeMutablePointer<UInt64>
    private var owners: UnsafeMutablePointer<UInt32>

    init() {
        times = .allocate(capacity: capacity)
        bits = .allocate(capacity: capacity)
        states = .allocate(capacity: capacity)
        owners = .allocate(capacity: capacity)
    }

    deinit {
        times.deallocate()
        bits.deallocate()
        states.deallocate()
        owners.deallocate()
    }

    /// Forgets all rows and frees the slots and texts that only a very large message needs.
    mutating func removeAll() {
        count = 0
        skipped = 0
        item = 0
        itemStart = 0
        slots.removeAll(keepingCapacity: slots.capacity <= 1 << 14)
        text.removeAll(keepingCapacity: text.capacity <= 1 << 20)
    }

    /// The slot of a cell's series, or nil if the current item has named the series before.
    @inline(__always)
    mutating func slot(for cell: UnsafeMutablePointer<ProductPoints.Cell>, series: UInt64) -> Int? {
        let hint = Int(cell.pointee.slot)
        if hint < slots.count, slots[hint].series == series {
            if slots[hint].item == item { return nil }
            slots[hint].item = item
            return hint
        }
        let slot = slots.count
        cell.pointee.slot = UInt32(truncatingIfNeeded: slot)
        slots.append(
            Slot(
                series: series, type: cell.pointee.kind.type, policy: cell.pointee.policy, rows: 0, item: item
            ))
        return slot
    }

    /// Adds a row of the current item.
    @inline(__always)
    mutating func append(slot: Int, bits value: UInt64, state: UInt64) {
        if count == capacity { grow() }
        bits[count] = value
        states[count] = state
        owners[count] = UInt32(truncatingIfNeeded: slot)
        slots[slot].rows &+= 1
        count &+= 1
    }

    /// Counts a row that is not kept.
    mutating func skip() { skipped += 1 }

    /// Ends the current item: its rows get their time, in nanoseconds since 1970.
    mutating func endItem(time: Int64) {
        for row in itemStart..<count { times[row] = time }
        itemStart = count
        item += 1
    }

    /// The rows by series; the rows of a series keep the order of the message.
    func grouped(_ points: borrowing ProductPoints) -> [SeriesRows] {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count + slots.count) { scratch in
            guard let order = scratch.baseAddress else { return [] }
            let places = order + count
            var start = 0
            for slot in slots.indices {
                places[slot] = UInt32(truncatingIfNeeded: start)
                start &+= slots[slot].rows
            }
            for row in 0..<count {
                let owner = Int(owners[row])
                order[Int(places[owner])] = UInt32(truncatingIfNeeded: row)
                places[owner] &+= 1
            }
            return series(points, order)
        }
    }

    private func series(_ points: borrowing ProductPoints, _ order: UnsafePointer<UInt32>) -> [SeriesRows] {
        var result: [SeriesRows] = []
        result.reserveCapacity(slots.count)
        var first = 0
        // Points of one device mostly have the same times and good quality: such series share those two columns.
        var lastTimes: [Int64] = []
        var lastStates: [UInt64] = []
        for slot in slots where slot.rows > 0 {
            let rows = UnsafeBufferPointer(start: order + first, count: slot.rows)
            first += slot.rows
            if !holds(lastTimes, times, rows) { lastTimes = gather(times, rows) }
            if !holds(lastStates, states, rows) { lastStates = gather(states, rows) }
            var columns = SampleColumns(type: slot.type)
            columns.times = lastTimes
            columns.states = lastStates
            columns.values = slot.type.isText ? .text(texts(rows)) : .bits(gather(bits, rows))
            result.append(
                SeriesRows(
                    key: points.key(of: slot.series), type: slot.type, policy: slot.policy, columns: columns))
        }
        return result
    }

    private func holds<Element: BitwiseCopyable & Equatable>(
        _ column: [Element], _ source: UnsafeMutablePointer<Element>, _ rows: UnsafeBufferPointer<UInt32>
    ) -> Bool {
        guard column.count == rows.count else { return false }
        for index in 0..<rows.count where column[index] != source[Int(rows[index])] { return false }
        return true
    }

    private func gather<Element: BitwiseCopyable>(
        _ source: UnsafeMutablePointer<Element>, _ rows: UnsafeBufferPointer<UInt32>
    ) -> [Element] {
        [Element](unsafeUninitializedCapacity: rows.count) { target, initialized in
            for index in 0..<rows.count { target[index] = source[Int(rows[index])] }
            initialized = rows.count
        }
    }

    private func texts(_ rows: UnsafeBufferPointer<UInt32>) -> TextColumn {
        var values = TextColumn()
        values.ends.reserveCapacity(rows.count)
        for row in rows {
            let place = bits[Int(row)]
            let start = Int(place >> 32)
            values.append(text[start..<start + Int(place & 0xFFFF_FFFF)])
        }
        return values
    }

    private mutating func grow() {
        func larger<Element>(_ old: UnsafeMutablePointer<Element>) -> UnsafeMutablePointer<Element> {
            let new = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
            new.moveInitialize(from: old, count: count)
            old.deallocate()
            return new
        }
        times = larger(times)
        bits = larger(bits)
        states = larger(states)
        owners = larger(owners)
        capacity *= 2
    }
}
