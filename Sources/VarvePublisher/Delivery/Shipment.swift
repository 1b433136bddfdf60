// Shipment.swift — a batch on its way: what of it is still to be taken, and the message that is out for that.
//
// Invariants:
// - One message of a batch is out at a time, so its rows arrive in their order even if some go in halves.
// - A message that is sent again has the same id and the same bytes.

/// A batch without a final answer.
final class Shipment {
    let batch: Batch
    /// What begins the ids of its messages.
    let prefix: String
    /// Its number among all that were shipped, from 1.
    let number: UInt64
    /// A value of the owner's.
    let tag: UInt64
    /// The id of the message that is out.
    private(set) var id: String
    /// The message that is out.
    private(set) var message: [UInt8]
    /// When the message was sent; nil if it has to be.
    var sentAt: Int64?
    /// When to send it again.
    var deadline = Int64.max
    /// How often the message was sent.
    var attempts = 0
    /// The rows that were refused.
    private(set) var refusedCount = 0
    /// Ranges of places that are still to be taken, the next one last.
    private var ranges: [Range<Int>]

    init(_ batch: Batch, prefix: String, number: UInt64, message: [UInt8], tag: UInt64) {
        self.batch = batch
        self.prefix = prefix
        self.number = number
        self.message = message
        self.tag = tag
        id = Self.id(prefix, batch)
        ranges = [0..<batch.order.count]
    }

    /// The id of the message of a whole batch.
    static func id(_ prefix: String, _ batch: Batch) -> String { "\(prefix)-\(batch.index)" }

    /// The message was taken.
    ///
    /// - Returns: Whether the whole batch is settled; else the next message is ready.
    func take() -> Bool {
        ranges.removeLast()
        return prepare()
    }

    /// Something in the message is bad: goes on with halves of it, or gives a row up.
    ///
    /// - Parameter refuse: Is told the rows that are given up.
    /// - Returns: Whether the whole batch is settled.
    func divide(_ reply: Reply, refuse: (Batch.Row) -> Void) -> Bool {
        let range = ranges.removeLast()
        let open = batch.open(range)
        if open.count > 1 {
            let middle = open[open.count / 2]
            ranges.append(middle..<range.upperBound)
            ranges.append(range.lowerBound..<middle)
        } else if let place = open.first {
            give(up: place, refuse)
            if reply.code == Reply.unknownDevice { giveUpDevice(of: batch.row(at: place), refuse) }
        }
        return prepare()
    }

    /// An unknown device is so for all its rows: they need not be asked for one by one.
    private func giveUpDevice(of row: Batch.Row, _ refuse: (Batch.Row) -> Void) {
        let device = batch.series[Int(row.series)].device
        for place in batch.open(ranges.map(\.lowerBound).min().map { $0..<batch.order.count } ?? 0..<0) {
            let other = batch.row(at: place)
            if batch.series[Int(other.series)].device == device { give(up: place, refuse) }
        }
    }

    private func give(up place: Int, _ refuse: (Batch.Row) -> Void) {
        batch.refuse(place)
        refusedCount += 1
        refuse(batch.row(at: place))
    }

    /// Makes the message of the next range that has rows left.
    private func prepare() -> Bool {
        while let range = ranges.last {
            if batch.open(range).isEmpty {
                ranges.removeLast()
                continue
            }
            id = "\(Self.id(prefix, batch))-\(range.lowerBound)+\(range.count)"
            message = batch.message(id: id, range)
            sentAt = nil
            attempts = 0
            return false
        }
        return true
    }
}
