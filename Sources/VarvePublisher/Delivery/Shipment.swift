// Shipment.swift — a batch on its way: the ranges still to be taken, and the message under way.
//
// Invariants:
// - One message of a batch is under way at a time, so its rows arrive in order even if the batch is split.
// - A message that is sent again has the same id and the same bytes.

/// A batch without a final answer.
final class Shipment {
    let batch: Batch
    /// The beginning of the ids of its messages.
    let prefix: String
    /// Its number among all shipments, from 1.
    let number: UInt64
    /// A value for the owner's use.
    let tag: UInt64
    /// The id of the message under way.
    private(set) var id: String
    /// The message under way.
    private(set) var message: [UInt8]
    /// When the message was sent, in monotonic nanoseconds; nil if it is still to be sent.
    var sentAt: Int64?
    /// When to send the message again, in monotonic nanoseconds.
    var deadline = Int64.max
    /// The number of times that the message was sent.
    var attempts = 0
    /// The number of refused rows.
    private(set) var refusedCount = 0
    /// The ranges of places still to be taken; the next one is last.
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

    /// Notes that the message was taken.
    ///
    /// - Returns: True if the whole batch is settled; else the next message is ready.
    func markTaken() -> Bool {
        ranges.removeLast()
        return prepare()
    }

    /// Splits a refused message into halves; gives up its row if it has only one.
    ///
    /// - Parameter refuse: Called with each row that is given up.
    /// - Returns: True if the whole batch is settled; else the next message is ready.
    func split(_ reply: Reply, refuse: (Batch.Row) -> Void) -> Bool {
        let range = ranges.removeLast()
        let places = batch.unrefused(in: range)
        if places.count > 1 {
            let middle = places[places.count / 2]
            ranges.append(middle..<range.upperBound)
            ranges.append(range.lowerBound..<middle)
        } else if let place = places.first {
            giveUp(place, refuse)
            if reply.code == Reply.unknownDevice { giveUpDevice(of: batch.row(at: place), refuse) }
        }
        return prepare()
    }

    /// Gives up all rows of a device that the receiver does not know, instead of trying each of them.
    private func giveUpDevice(of row: Batch.Row, _ refuse: (Batch.Row) -> Void) {
        let device = batch.series[Int(row.series)].device
        let rest = ranges.map(\.lowerBound).min() ?? batch.order.count
        for place in batch.unrefused(in: rest..<batch.order.count) {
            let other = batch.row(at: place)
            if batch.series[Int(other.series)].device == device { giveUp(place, refuse) }
        }
    }

    private func giveUp(_ place: Int, _ refuse: (Batch.Row) -> Void) {
        batch.markRefused(place)
        refusedCount += 1
        refuse(batch.row(at: place))
    }

    /// Makes the message of the next range with rows left; false if there is no such range.
    private func prepare() -> Bool {
        while let range = ranges.last {
            if batch.unrefused(in: range).isEmpty {
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
