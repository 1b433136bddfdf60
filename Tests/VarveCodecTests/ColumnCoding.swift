// ColumnCoding.swift — arrays in, arrays out, for tests of the column codecs.

@testable import VarveCodec

func encoded(_ values: [Int64], _ effort: Effort = .standard) -> [UInt8] {
    var writer = ByteWriter()
    values.withUnsafeBufferPointer { IntegerColumn.encode($0, into: &writer, effort: effort) }
    return writer.bytes
}

func decodedIntegers(_ bytes: [UInt8], count: Int) throws -> [Int64] {
    var target = [Int64](repeating: -7, count: max(count, 1))
    try bytes.withUnsafeBytes { source in
        try target.withUnsafeMutableBufferPointer { room in
            if let start = room.baseAddress {
                try IntegerColumn.decode(source, count: count, into: start)
            }
        }
    }
    return Array(target.prefix(count))
}

func encoded(doubles values: [UInt64], _ effort: Effort = .standard) -> [UInt8] {
    var writer = ByteWriter()
    values.withUnsafeBufferPointer { DoubleColumn.encode($0, into: &writer, effort: effort) }
    return writer.bytes
}

func decodedDoubles(_ bytes: [UInt8], count: Int) throws -> [UInt64] {
    var target = [UInt64](repeating: 7, count: max(count, 1))
    try bytes.withUnsafeBytes { source in
        try target.withUnsafeMutableBufferPointer { room in
            if let start = room.baseAddress {
                try DoubleColumn.decode(source, count: count, into: start)
            }
        }
    }
    return Array(target.prefix(count))
}

func encoded(texts: [String], _ effort: Effort = .standard) -> [UInt8] {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    for text in texts {
        bytes += text.utf8
        ends.append(bytes.count)
    }
    var writer = ByteWriter()
    bytes.withUnsafeBufferPointer { bytes in
        ends.withUnsafeBufferPointer {
            TextColumnCodec.encode(bytes: bytes, ends: $0, into: &writer, effort: effort)
        }
    }
    return writer.bytes
}

func decodedTexts(_ bytes: [UInt8], count: Int, limit: Int = 1 << 20) throws -> [String] {
    let column = try bytes.withUnsafeBytes { try TextColumnCodec.decode($0, count: count, byteLimit: limit) }
    var start = 0
    return column.ends.map { end in
        defer { start = end }
        return String(decoding: column.bytes[start..<end], as: UTF8.self)
    }
}

func described(_ bytes: [UInt8]) -> ColumnEncoding.Description {
    bytes.withUnsafeBytes { ColumnEncoding.describe($0) }
}
