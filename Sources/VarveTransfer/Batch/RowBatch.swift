// RowBatch.swift — the good rows of one batch in the order of the file, as flat columns.
//
// The parsing thread only appends to a batch; the committing thread sorts its rows by series.
//
// Invariants:
// - `count` rows are filled in every column; a row's `owner` is an index into `series`.
// - The bits of a text are its offset in the text memory times 2^32 plus its length.

import VarveModel

/// Flat columns of rows; one thread owns a batch at a time.
final class RowBatch: @unchecked Sendable {
    // Unchecked: ownership passes through `Handover`, so no two threads hold one batch at a time.
    private(set) var count = 0
    /// The series of the rows.
    var series: [RegisteredPoint] = []
    /// The number of the batch in its import.
    var part = SampleBatch.Part(index: 0, isLast: false)
    /// The sum of the marks of the points that its rows name.
    var policyMark: UInt64 = 0
    private var capacity: Int
    private var times: UnsafeMutablePointer<Int64>
    private var bits: UnsafeMutablePointer<UInt64>
    private var states: UnsafeMutablePointer<UInt64>
    private var owners: UnsafeMutablePointer<UInt32>
    private var text: [UInt8] = []

    init(capacity: Int) {
        self.capacity = capacity
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

    /// Adds a row whose value is a number, a truth value or missing.
    @inline(__always)
    func append(owner: UInt32, time: Int64, bits value: UInt64, state: UInt64) {
        if count == capacity { grow() }
        times[count] = time
        bits[count] = value
        states[count] = state
        owners[count] = owner
        count &+= 1
    }

    /// Adds a row whose value is a text.
    func append(owner: UInt32, time: Int64, text value: some Collection<UInt8>, state: UInt64) {
        let place = UInt64(text.count) << 32 | UInt64(value.count)
        text.append(contentsOf: value)
        append(owner: owner, time: time, bits: place, state: state)
    }

    /// Empties the batch for the next rows.
    func removeAll() {
        count = 0
        policyMark = 0
        series.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: true)
    }

    /// The rows by series, each series' rows in file order.
    func grouped() -> [SeriesRows] {
        var starts = [Int](repeating: 0, count: series.count + 1)
        for row in 0..<count { starts[Int(owners[row]) + 1] += 1 }
        for index in 0..<series.count { starts[index + 1] += starts[index] }
        let order = [UInt32](unsafeUninitializedCapacity: count) { order, initialized in
            var places = starts
            places.withUnsafeMutableBufferPointer { places in
                for row in 0..<count {
                    let owner = Int(owners[row])
                    order[places[owner]] = UInt32(truncatingIfNeeded: row)
                    places[owner] &+= 1
                }
            }
            initialized = count
        }
        return order.withUnsafeBufferPointer { order in
            series.indices.map { index in
                let rows = UnsafeBufferPointer(rebasing: order[starts[index]..<starts[index + 1]])
                return SeriesRows(
                    key: series[index].key, type: series[index].type, policy: series[index].policy,
                    columns: columns(rows, type: series[index].type))
            }
        }
    }

    private func columns(_ rows: UnsafeBufferPointer<UInt32>, type: ValueType) -> SampleColumns {
        var columns = SampleColumns(type: type)
        columns.times = gather(times, rows)
        columns.states = gather(states, rows)
        guard type.isText else {
            columns.values = .bits(gather(bits, rows))
            return columns
        }
        var values = TextColumn()
        values.bytes.reserveCapacity(rows.reduce(0) { $0 + Int(bits[Int($1)] & 0xFFFF_FFFF) })
        values.ends.reserveCapacity(rows.count)
        for row in rows {
            let place = bits[Int(row)]
            let start = Int(place >> 32)
            values.append(text[start..<start + Int(place & 0xFFFF_FFFF)])
        }
        columns.values = .text(values)
        return columns
    }

    private func gather<Element: BitwiseCopyable>(
        _ source: UnsafeMutablePointer<Element>, _ rows: UnsafeBufferPointer<UInt32>
    ) -> [Element] {
        [Element](unsafeUninitializedCapacity: rows.count) { target, initialized in
            for index in 0..<rows.count { target[index] = source[Int(rows[index])] }
            initialized = rows.count
        }
    }

    /// Doubles the capacity.
    ///
    /// Only a wide line can make a batch exceed its limit, by at most that one line.
    private func grow() {
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
