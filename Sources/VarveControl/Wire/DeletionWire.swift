// DeletionWire.swift — the bytes of orders to delete and of their counts. Byte tables: ControlProtocol.md.

import VarveCodec
import VarveModel

extension DeletionOrder {
    func write(to writer: inout ByteWriter) {
        writer.append(text: product)
        writer.append(text: device)
        writer.append(range.from.nanoseconds)
        writer.append(UInt8(range.to == nil ? 0 : 1))
        writer.append(range.to?.nanoseconds ?? 0)
        writer.appendVarint(UInt64(points.count))
        for point in points { writer.append(text: point) }
    }

    init(from reader: inout ByteReader) throws {
        let product = try reader.text(limit: SeriesKey.maximumNameBytes)
        let device = try reader.text(limit: SeriesKey.maximumNameBytes)
        let from = Timestamp(nanoseconds: try reader.integer())
        let hasEnd = try reader.flag()
        let end = Timestamp(nanoseconds: try reader.integer())
        let count = try reader.varint(limit: ControlLimits.deletedPoints, "points")
        var points: [String] = []
        for _ in 0..<count { points.append(try reader.text(limit: SeriesKey.maximumNameBytes)) }
        self.init(
            product: product, device: device, points: points,
            range: TimeRange(from: from, to: hasEnd ? end : nil))
    }
}

extension DeletionReport {
    func write(to writer: inout ByteWriter) {
        for count in [UInt64(series), samples, commit] { writer.appendVarint(count) }
        let span = from.flatMap { from in to.map { (from, $0) } }
        writer.append(UInt8(span == nil ? 0 : 1))
        writer.append(span?.0.nanoseconds ?? 0)
        writer.append(span?.1.nanoseconds ?? 0)
    }

    init(from reader: inout ByteReader) throws {
        self.init()
        series = try reader.varint(limit: .max, "a count")
        samples = try reader.varint()
        commit = try reader.varint()
        let hasSpan = try reader.flag()
        let ends = (try reader.integer(as: Int64.self), try reader.integer(as: Int64.self))
        guard hasSpan else { return }
        (from, to) = (Timestamp(nanoseconds: ends.0), Timestamp(nanoseconds: ends.1))
    }
}
