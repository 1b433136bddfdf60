// NameList.swift — lists of the registry without its secrets, for users who may read the data but not the
// registry.
//
// Invariants:
// - The raw values of the kinds, and the order of a row's fields, are part of the protocol.
// - A page has a bounded number of rows, and a row a bounded size.

import VarveCodec

/// The lists of the registry.
public enum NameKind: UInt8, Hashable, Sendable, CaseIterable {
    /// Model id, name.
    case models = 1
    /// Model id, point id, type, `1` if the point has a quality, unit; in the order of their models.
    case points = 2
    /// productKey, model id, name, format, duplicates.
    case products = 3
    /// productKey, deviceKey, name, asset id, time zone.
    case devices = 4

    /// The number of fields of a row.
    public var fields: Int { self == .models ? 2 : 5 }
}

/// Some rows of a list.
public struct NamePage: Hashable, Sendable {
    /// The rows, in which an absent field is nil.
    public var rows: [[String?]]
    /// Whether there are rows after these.
    public var hasMore: Bool

    /// Makes a page, by default an empty last one.
    public init(rows: [[String?]] = [], hasMore: Bool = false) {
        self.rows = rows
        self.hasMore = hasMore
    }

    /// Takes the rows of a list from `start` on, as many as a page may have.
    ///
    /// - Parameter start: The number of rows in the pages before.
    public init(of list: some Sequence<[String?]>, from start: UInt64) {
        self.init()
        var number: UInt64 = 0
        for row in list {
            defer { number += 1 }
            guard number >= start else { continue }
            guard rows.count < Self.rowLimit else {
                hasMore = true
                return
            }
            rows.append(row)
        }
    }

    /// The most rows of a page.
    static let rowLimit = 1000
    /// The most bytes of a field; names have at most 1,024.
    private static let fieldBytes = 4096

    func write(to writer: inout ByteWriter) {
        writer.append(flag: hasMore)
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
        hasMore = try reader.flag()
        let count = try reader.varint(limit: Self.rowLimit, "the number of rows")
        for _ in 0..<count {
            let fields = try reader.varint(limit: 8, "the number of fields")
            var row: [String?] = []
            for _ in 0..<fields { row.append(try reader.flag() ? reader.text(limit: Self.fieldBytes) : nil) }
            rows.append(row)
        }
    }
}

extension ByteWriter {
    /// Writes a byte that is 0 or 1.
    fileprivate mutating func append(flag: Bool) {
        let byte: UInt8 = flag ? 1 : 0
        append(byte)
    }
}
