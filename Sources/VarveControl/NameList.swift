// NameList.swift — lists of the registry without its secrets, for users who may read the data but not the
// registry.
//
// Invariants:
// - The raw values of the kinds, and the order of a row's fields, are part of the protocol.
// - A page has a bounded number of rows, and a row a bounded size.

import VarveCodec

/// The lists of the registry.
public enum NameKind: UInt8, Hashable, Sendable, CaseIterable {
    /// Model id, name, `1` if the model takes what it does not declare.
    case models = 1
    /// Model id, point id, type, `1` if the point has a quality, unit, rule; in the order of their models.
    case points = 2
    /// productKey, model id, name, format, duplicates, `1` if numbers may be texts.
    case products = 3
    /// productKey, deviceKey, name, asset id, time zone, when it was activated in nanoseconds since 1970.
    case devices = 4
    /// Model id, `event` or `attribute`, id, rule; in the order of their models.
    case features = 5

    /// The number of fields of a row.
    public var fields: Int {
        switch self {
        case .models: 3
        case .features: 4
        case .points, .products, .devices: 6
        }
    }
}

/// Some rows of a list.
public struct NamePage: Hashable, Sendable {
    /// The rows, in which an absent field is nil.
    public var rows: [[String?]]
    /// Where the next page goes on; empty on the last page.
    ///
    /// The service decides what it says.
    public var end: [String]

    /// Makes a page, by default an empty last one.
    public init(rows: [[String?]] = [], end: [String] = []) {
        self.rows = rows
        self.end = end
    }

    /// Takes as many of the next rows of a list as a page may have.
    ///
    /// - Parameters:
    ///   - list: The next rows, `rowLimit` of them unless the list ends before.
    ///   - body: Returns the fields of a row, and where a page goes on that begins after it.
    public init<Row>(_ list: [Row], _ body: (Row) -> (row: [String?], end: [String])) {
        self.init()
        var bytes = 0
        for (index, element) in list.enumerated() {
            let (row, end) = body(element)
            rows.append(row)
            bytes += row.reduce(0) { $0 + ($1?.utf8.count ?? 0) }
            if index == Self.rowLimit - 1 || bytes > Self.byteLimit {
                self.end = end
                return
            }
        }
    }

    /// The most rows of a page.
    public static let rowLimit = 1000
    /// The bytes of its fields after which a page ends.
    static let byteLimit = 4 << 20
    /// The most bytes of a field: names have at most 1,024, rules at most 65,536.
    private static let fieldBytes = ControlLimits.ruleBytes
    /// The most texts that say where a page goes on.
    static let endTexts = 4

    func write(to writer: inout ByteWriter) {
        Self.write(end, to: &writer)
        writer.appendVarint(UInt64(rows.count))
        for row in rows {
            writer.appendVarint(UInt64(row.count))
            for field in row {
                writer.append(flag: field != nil)
                if let field { writer.append(text: field) }
            }
        }
    }

    init(from reader: inout ByteReader) throws {
        self.init()
        end = try Self.end(from: &reader)
        let count = try reader.varint(limit: Self.rowLimit, "the number of rows")
        for _ in 0..<count {
            let fields = try reader.varint(limit: 8, "the number of fields")
            var row: [String?] = []
            for _ in 0..<fields { row.append(try reader.flag() ? reader.text(limit: Self.fieldBytes) : nil) }
            rows.append(row)
        }
    }

    /// Writes where a page goes on.
    static func write(_ end: [String], to writer: inout ByteWriter) {
        writer.appendVarint(UInt64(end.count))
        for text in end { writer.append(text: text) }
    }

    /// Reads where a page goes on.
    static func end(from reader: inout ByteReader) throws -> [String] {
        let count = try reader.varint(limit: endTexts, "the number of texts that say where a page goes on")
        var end: [String] = []
        for _ in 0..<count { end.append(try reader.text(limit: 1024)) }
        return end
    }
}

extension ByteWriter {
    /// Writes a byte that is 0 or 1.
    fileprivate mutating func append(flag: Bool) {
        let byte: UInt8 = flag ? 1 : 0
        append(byte)
    }
}
