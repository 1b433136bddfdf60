// TypeChangeWire.swift — the bytes of orders to change a type and of their counts. Byte tables:
// ControlProtocol.md.

import VarveCodec
import VarveModel

extension TypeChange {
    func write(to writer: inout ByteWriter) {
        writer.append(text: model)
        writer.append(text: point)
        writer.append(type.rawValue)
        writer.append(UInt8(dropsUnfit ? 1 : 0))
        writer.appendVarint(UInt64(missing.count))
        for list in missing { writer.append(text: list) }
        writer.append(UInt8(rule == nil ? 0 : 1))
        if let rule { writer.append(text: rule) }
    }

    init(from reader: inout ByteReader) throws {
        let model = try reader.text(limit: SeriesKey.maximumNameBytes)
        let point = try reader.text(limit: SeriesKey.maximumNameBytes)
        let number = try reader.byte()
        guard let type = ValueType(rawValue: number) else {
            throw reader.failure("type \(number) is unknown")
        }
        let dropsUnfit = try reader.flag()
        let count = try reader.varint(limit: ControlLimits.missingLists, "lists")
        var missing: [String] = []
        for _ in 0..<count { missing.append(try reader.text(limit: ControlLimits.lineBytes)) }
        let rule = try reader.flag() ? reader.text(limit: ControlLimits.ruleBytes) : nil
        self.init(
            model: model, point: point, type: type, rule: rule, missing: missing, dropsUnfit: dropsUnfit)
    }
}

extension RetypingReport {
    func write(to writer: inout ByteWriter) {
        for count in [UInt64(series), samples, converted, missing, skipped, unfit, commit] {
            writer.appendVarint(count)
        }
    }

    init(from reader: inout ByteReader) throws {
        self.init()
        series = try reader.varint(limit: .max, "a count")
        samples = try reader.varint()
        converted = try reader.varint()
        missing = try reader.varint()
        skipped = try reader.varint()
        unfit = try reader.varint()
        commit = try reader.varint()
    }
}
