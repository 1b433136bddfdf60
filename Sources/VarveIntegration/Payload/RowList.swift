// RowList.swift — the rows of one message in arrival order, gathered into columns of series at its end.
//
// Invariants:
// - The buffers are used again for each message; `batch` hands out fresh columns.
// - Each series stands once in a batch, its rows in arrival order.

import VarveModel

/// Collects rows.
struct RowList {
    private struct Row {
        var series: Int32
        var time: Int64
        var bits: UInt64
        var state: UInt64
    }

    private var rows: [Row] = []
    /// The text values; a row of text has its start in the upper and its length in the lower half of `bits`.
    private var texts: [UInt8] = []
    private var slots: [Int] = []
    private var counts: [Int] = []
    /// For each slot of the product the message that used it last, and the series it is there.
    private var stamps: [(message: UInt64, series: Int32)] = []
    private var message: UInt64 = 0

    var count: Int { rows.count }

    /// Starts a message.
    mutating func begin() {
        message += 1
        rows.removeAll(keepingCapacity: true)
        texts.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
    }

    /// Slots mean other points from now on.
    mutating func forgetSlots() { stamps.removeAll(keepingCapacity: true) }

    /// Adds a row without its time.
    mutating func add(slot: Int, bits: UInt64, state: UInt64) {
        let series = series(of: slot)
        counts[Int(series)] += 1
        rows.append(Row(series: series, time: 0, bits: bits, state: state))
    }

    /// Adds a row of text without its time.
    mutating func add(slot: Int, text: some Collection<UInt8>, state: UInt64) {
        let start = texts.count
        texts.append(contentsOf: text)
        add(slot: slot, bits: UInt64(start) << 32 | UInt64(texts.count - start), state: state)
    }

    /// Gives the rows from `start` on their time.
    mutating func setTime(_ time: Int64, from start: Int) {
        for index in start..<rows.count { rows[index].time = time }
    }

    private mutating func series(of slot: Int) -> Int32 {
        while stamps.count <= slot { stamps.append((0, 0)) }
        if stamps[slot].message == message { return stamps[slot].series }
        let series = Int32(slots.count)
        stamps[slot] = (message, series)
        slots.append(slot)
        counts.append(0)
        return series
    }

    /// The rows as a batch of a message.
    func batch(_ points: [RegisteredPoint]) -> SampleBatch {
        var times = counts.map { count in
            var column: [Int64] = []
            column.reserveCapacity(count)
            return column
        }
        var bits: [[UInt64]] = counts.enumerated().map { index, count in
            var column: [UInt64] = []
            if !points[slots[index]].type.isText { column.reserveCapacity(count) }
            return column
        }
        var states = bits
        var textColumns: [Int32: TextColumn] = [:]
        for row in rows {
            let index = Int(row.series)
            times[index].append(row.time)
            states[index].append(row.state)
            if points[slots[index]].type.isText {
                let start = Int(row.bits >> 32)
                textColumns[row.series, default: TextColumn()]
                    .append(texts[start..<start + Int(row.bits & 0xFFFF_FFFF)])
            } else {
                bits[index].append(row.bits)
            }
        }
        var series: [SeriesRows] = []
        series.reserveCapacity(slots.count)
        for (index, slot) in slots.enumerated() {
            let point = points[slot]
            var columns = SampleColumns(type: point.type)
            columns.times = times[index]
            columns.states = states[index]
            columns.values =
                point.type.isText
                ? .text(textColumns[Int32(index)] ?? TextColumn()) : .bits(bits[index])
            series.append(
                SeriesRows(key: point.key, type: point.type, policy: point.policy, columns: columns))
        }
        return SampleBatch(series: series)
    }
}
