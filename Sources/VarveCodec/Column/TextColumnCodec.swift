// TextColumnCodec.swift — encodes up to 8192 texts, and decodes them.
//
//     textDictionary   count of distinct texts: varint, size: varint, an integer body of their lengths,
//                      their bytes in order of first appearance, then an integer body of the indexes
//     textPlain        size: varint, an integer body of the lengths, then the bytes of all texts
//     textPrefixes, textPrefixDictionary
//                      the same, with the texts as SharedPrefixes writes them
//
// Invariants:
// - Decoding returns the same bytes. It does not check that they are UTF-8: that is up to the writer.
// - The decoded texts take at most `byteLimit` bytes, whatever the data says. An empty column has no bytes.

/// Encodes and decodes columns of texts.
package enum TextColumnCodec {
    /// Appends the encoded column.
    ///
    /// - Precondition: at most `BlockLimits.samples` texts; `ends` does not decrease and ends at `bytes.count`.
    package static func encode(
        bytes: UnsafeBufferPointer<UInt8>, ends: UnsafeBufferPointer<Int>, into writer: inout ByteWriter,
        effort: Effort = .standard
    ) {
        precondition(ends.count <= BlockLimits.samples, "a column holds at most 8192 values")
        precondition((ends.last ?? 0) == bytes.count, "the last text ends where the bytes end")
        if ends.isEmpty { return }
        var candidates: [ByteWriter] = []
        if let distinct = DistinctTexts(bytes: bytes, ends: ends, limit: ends.count / 2 + 1) {
            let plan = distinct.indexes.withUnsafeBufferPointer {
                IntegerPlan($0, effort: effort, allowsDictionary: false)
            }
            for entries in dictionaries(distinct, effort: effort) {
                for layout in [IntegerPlan.Layout.packed, .planes] {
                    var body = entries
                    distinct.indexes.withUnsafeBufferPointer { plan.write($0, layout: layout, into: &body) }
                    candidates.append(body)
                    if !plan.isWorthPlanes { break }
                }
            }
        } else {
            var body = ByteWriter()
            body.append(ColumnEncoding.textPlain.rawValue)
            writeLengths(Array(ends), effort: effort, into: &body)
            body.append(bytes: UnsafeRawBufferPointer(bytes))
            candidates.append(body)
            if let prefixes = SharedPrefixes(bytes: bytes, ends: ends) {
                var body = ByteWriter()
                body.append(ColumnEncoding.textPrefixes.rawValue)
                prefixes.write(effort: effort, into: &body)
                candidates.append(body)
            }
        }
        ColumnPayload.write(candidates, effort: effort, into: &writer)
    }

    /// Decodes `count` texts of at most `byteLimit` bytes in all.
    ///
    /// `source` is the whole column.
    ///
    /// - Throws: `CodecError` if `source` is not a column of `count` texts, or they take more bytes.
    package static func decode(
        _ source: UnsafeRawBufferPointer, count: Int, byteLimit: Int
    ) throws(CodecError) -> (bytes: [UInt8], ends: [Int]) {
        guard try ColumnPayload.check(source, count: count) else { return ([], []) }
        var result: (bytes: [UInt8], ends: [Int]) = ([], [])
        let limit = BlockLimits.bodyBytes(count: count) + max(0, byteLimit)
        try ColumnPayload.withBody(source, limit: limit) { (body) throws(CodecError) in
            switch ColumnEncoding(rawValue: try body.byte()) {
            case .textDictionary:
                result = try decodeDictionary(&body, count: count, byteLimit: byteLimit) {
                    (reader, count) throws(CodecError) in
                    let ends = try readEnds(&reader, count: count, byteLimit: byteLimit)
                    return (Array(try reader.bytes(count: ends.last ?? 0)), ends)
                }
            case .textPrefixDictionary:
                result = try decodeDictionary(&body, count: count, byteLimit: byteLimit) {
                    (reader, count) throws(CodecError) in
                    try SharedPrefixes.read(&reader, count: count, byteLimit: byteLimit)
                }
            case .textPrefixes:
                result = try SharedPrefixes.read(&body, count: count, byteLimit: byteLimit)
            case .textPlain:
                result.ends = try readEnds(&body, count: count, byteLimit: byteLimit)
                result.bytes = Array(try body.bytes(count: result.ends.last ?? 0))
            default:
                throw body.failure("an unknown encoding of texts")
            }
            try body.finish()
        }
        return result
    }

    private static func writeLengths(_ ends: [Int], effort: Effort, into writer: inout ByteWriter) {
        var lengths: [Int64] = []
        lengths.reserveCapacity(ends.count)
        var start = 0
        for end in ends {
            lengths.append(Int64(end - start))
            start = end
        }
        writer.appendSized { nested in
            lengths.withUnsafeBufferPointer { IntegerPlan($0, effort: effort).write($0, into: &nested) }
        }
    }

    private static func readEnds(
        _ reader: inout ByteReader, count: Int, byteLimit: Int
    ) throws(CodecError) -> [Int] {
        let size = try reader.varint(limit: reader.remaining, "the size of the lengths")
        var nested = try reader.nested(count: size)
        let lengths = try IntegerBody.array(&nested, count: count)
        var ends: [Int] = []
        ends.reserveCapacity(count)
        var end = 0
        for length in lengths {
            guard length >= 0, length <= Int64(byteLimit - end) else {
                throw reader.failure("the texts take more than \(byteLimit) bytes")
            }
            end += Int(length)
            ends.append(end)
        }
        return ends
    }

    /// The beginning of a dictionary body up to the indexes, once for each form of the entries that is worth
    /// a try.
    private static func dictionaries(_ distinct: DistinctTexts, effort: Effort) -> [ByteWriter] {
        var plain = ByteWriter()
        plain.append(ColumnEncoding.textDictionary.rawValue)
        plain.appendVarint(UInt64(distinct.ends.count))
        writeLengths(distinct.ends, effort: effort, into: &plain)
        plain.bytes.append(contentsOf: distinct.bytes)
        let prefixes = distinct.bytes.withUnsafeBufferPointer { bytes in
            distinct.ends.withUnsafeBufferPointer { SharedPrefixes(bytes: bytes, ends: $0) }
        }
        guard let prefixes else { return [plain] }
        var other = ByteWriter()
        other.append(ColumnEncoding.textPrefixDictionary.rawValue)
        other.appendVarint(UInt64(distinct.ends.count))
        prefixes.write(effort: effort, into: &other)
        return [plain, other]
    }

    private static func decodeDictionary(
        _ reader: inout ByteReader, count: Int, byteLimit: Int,
        entries read: (inout ByteReader, Int) throws(CodecError) -> (bytes: [UInt8], ends: [Int])
    ) throws(CodecError) -> (bytes: [UInt8], ends: [Int]) {
        let distinct = try reader.varint(limit: count, "the number of distinct texts")
        guard distinct > 0 else { throw reader.failure("an empty dictionary") }
        let (entries, entryEnds) = try read(&reader, distinct)
        let indexes = try IntegerBody.array(&reader, count: count)
        var bytes: [UInt8] = []
        var ends: [Int] = []
        ends.reserveCapacity(count)
        for index in indexes {
            guard let entry = Int(exactly: index), entryEnds.indices.contains(entry) else {
                throw reader.failure("an index beyond the dictionary")
            }
            let start = entry == 0 ? 0 : entryEnds[entry - 1]
            guard entryEnds[entry] - start <= byteLimit - bytes.count else {
                throw reader.failure("the texts take more than \(byteLimit) bytes")
            }
            bytes.append(contentsOf: entries[start..<entryEnds[entry]])
            ends.append(bytes.count)
        }
        return (bytes, ends)
    }
}
