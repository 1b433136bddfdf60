// Batch.swift — the rows of one batch, and the messages made from all or some of them.
//
// `{"id":…,"version":"1.0","method":"integration.measurepoint.post","params":[{"deviceKey":…,"time":…,
// "measurepoints":{…}},…]}` with times in milliseconds. All rows of one device and time in the batch are one item. If a
// point comes twice, its second row begins another item after the first, so that the later row arrives later.
//
// Invariants:
// - The same rows, range and id give the same bytes.
// - A batch is self-contained: it holds the names, values and texts of its rows.

import VarveModel
import VarveText

/// Rows that are sent together.
final class Batch {
    /// A series of this batch.
    struct Series {
        /// The number of its device in this batch.
        var device: UInt32
        /// The place of the point's name in `names`.
        var point: Range<Int>
        /// A hash of device and point that is the same in every batch.
        var hash: UInt64
    }

    /// A row.
    struct Row {
        var series: UInt32
        var item: UInt32
        var time: Int64
        var state: UInt64
        var value: Range<Int>
        var line: Int
        var text: Range<Int>
    }

    /// The number of the batch in its input, from 0.
    let index: UInt64
    var series: [Series] = []
    /// The places of the devices' names in `names`.
    var devices: [Range<Int>] = []
    /// Names as JSON strings.
    var names: [UInt8] = []
    /// The rows in file order.
    var rows: [Row] = []
    /// Values as JSON.
    var values: [UInt8] = []
    /// The lines of the input.
    var text: [UInt8] = []
    var itemCount = 0
    /// The rows in the order of messages: by item, each item's rows in file order.
    private(set) var order: [Int] = []
    /// Whether the receiver refused a row, by its place in `order`; empty until a row is refused.
    private(set) var refused: [Bool] = []

    init(index: UInt64) {
        self.index = index
    }

    /// Sorts the rows into the order of messages; call it after the last row is added.
    func sortRows() {
        var places = [Int](repeating: 0, count: itemCount + 1)
        for row in rows { places[Int(row.item) + 1] += 1 }
        for item in 0..<itemCount { places[item + 1] += places[item] }
        order = [Int](repeating: 0, count: rows.count)
        for (number, row) in rows.enumerated() {
            order[places[Int(row.item)]] = number
            places[Int(row.item)] += 1
        }
    }

    /// The row at a place in `order`.
    func row(at place: Int) -> Row { rows[order[place]] }

    /// Marks the row at a place as refused by the receiver.
    func markRefused(_ place: Int) {
        if refused.isEmpty { refused = [Bool](repeating: false, count: order.count) }
        refused[place] = true
    }

    /// The places of a range whose rows are not refused.
    func unrefused(in range: Range<Int>) -> [Int] {
        refused.isEmpty ? Array(range) : range.filter { !refused[$0] }
    }

    /// The message of the rows in a range that are not refused.
    func message(id: String, _ range: Range<Int>) -> [UInt8] {
        var message: [UInt8] = []
        let share = order.isEmpty ? 0 : (values.count + rows.count * 24) * range.count / order.count
        message.reserveCapacity(share + itemCount * 64 + 256)
        message.append(contentsOf: MessageForm.head)
        JSONString.append(id, to: &message)
        message.append(contentsOf: MessageForm.params)
        var item: UInt32?
        for place in range where refused.isEmpty || !refused[place] {
            let row = rows[order[place]]
            if row.item == item {
                message.append(0x2C)
            } else {
                if item != nil { message.append(contentsOf: MessageForm.nextItem) }
                message.append(contentsOf: MessageForm.device)
                message.append(contentsOf: names[devices[Int(series[Int(row.series)].device)]])
                message.append(contentsOf: MessageForm.time)
                MessageForm.appendTime(row.time, to: &message)
                message.append(contentsOf: MessageForm.points)
                item = row.item
            }
            append(row, to: &message)
        }
        message.append(contentsOf: item == nil ? MessageForm.emptyEnd : MessageForm.end)
        return message
    }

    /// Appends a value without a quality.
    ///
    /// A receiver takes `{"value":…,"quality":…}` for a value with its quality, so an object that may look like that is
    /// sent inside such a pair.
    private func append(_ value: ArraySlice<UInt8>, to message: inout [UInt8]) {
        guard value.first == 0x7B, MessageForm.mayBePair(value) else {
            return message.append(contentsOf: value)
        }
        message.append(contentsOf: MessageForm.value)
        message.append(contentsOf: value)
        message.append(contentsOf: MessageForm.quality)
        message.append(contentsOf: MessageForm.null)
        message.append(0x7D)
    }

    private func append(_ row: Row, to message: inout [UInt8]) {
        message.append(contentsOf: names[series[Int(row.series)].point])
        message.append(0x3A)
        guard row.state != 0, let state = SampleState(bits: row.state) else {
            return append(values[row.value], to: &message)
        }
        message.append(contentsOf: MessageForm.value)
        if state.isMissing {
            message.append(contentsOf: MessageForm.null)
        } else {
            message.append(contentsOf: values[row.value])
        }
        if let quality = state.quality {
            message.append(contentsOf: MessageForm.quality)
            ValueText.append(Int64(quality), to: &message)
        }
        message.append(0x7D)
    }
}

/// The constant parts of messages.
enum MessageForm {
    static let head = Array(#"{"id":"#.utf8)
    static let params = Array(#","version":"1.0","method":"integration.measurepoint.post","params":["#.utf8)
    static let device = Array(#"{"deviceKey":"#.utf8)
    static let time = Array(#","time":"#.utf8)
    static let points = Array(#","measurepoints":{"#.utf8)
    static let nextItem = Array("}},".utf8)
    static let end = Array("}}]}".utf8)
    static let emptyEnd = Array("]}".utf8)
    static let value = Array(#"{"value":"#.utf8)
    static let quality = Array(#","quality":"#.utf8)
    static let null = Array("null".utf8)

    /// The most bytes around the items, with an id of up to 64 bytes.
    static let envelopeBytes = head.count + params.count + end.count + 66
    /// The most bytes of an item without its device and points.
    static let itemBytes = device.count + time.count + points.count + nextItem.count + 24
    /// The most bytes of a point without its name and value.
    static let pointBytes = value.count + quality.count + 4 + 16

    /// Whether an object may have a member `quality`, whose name may be written with escapes.
    static func mayBePair(_ object: ArraySlice<UInt8>) -> Bool {
        object.contains(0x5C) || object.contains("\"quality\"".utf8)
    }

    /// Appends a time in milliseconds, with as many decimals as it needs.
    static func appendTime(_ nanoseconds: Int64, to bytes: inout [UInt8]) {
        if nanoseconds < 0 { bytes.append(0x2D) }
        let (whole, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        ValueText.append(Int64(whole), to: &bytes)
        guard rest > 0 else { return }
        bytes.append(0x2E)
        var fraction = rest
        var power: UInt64 = 100_000
        while fraction > 0 {
            bytes.append(UInt8(truncatingIfNeeded: 0x30 + fraction / power))
            fraction %= power
            power /= 10
        }
    }
}
