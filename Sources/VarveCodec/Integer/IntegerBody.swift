// IntegerBody.swift — a column of integers without the envelope: its layouts, and their decoding.
//
//     constant    value: signed
//     step        first, step: signed
//     vectors     vectors of 1024 values, the last one shorter
//     scaled      base: signed, divisor: varint, then a body of (value - base) / divisor
//     dictionary  count: varint, size: varint, a body of the distinct values, then a body of the indexes
//     planes      base: signed, bytes: 1...8, then the planes
//
// Invariants:
// - Bodies nest at most `maximumDepth` deep and a dictionary holds no dictionary. So memory and time are
//   bounded, whatever the bytes say.

enum IntegerBody {
    static let maximumDepth = 3

    /// Reads values of a body of `count` (1...8192) values that takes all bytes that `reader` has left.
    ///
    /// - Parameter slice: The positions of the values to write, the first of them to `target`; all if nil.
    /// - Throws: `CodecError` if the bytes are not such a body.
    static func decode(
        _ reader: inout ByteReader, count: Int, slice: Range<Int>? = nil,
        into target: UnsafeMutablePointer<Int64>, depth: Int = 0, inDictionary: Bool = false
    ) throws(CodecError) {
        guard depth <= maximumDepth else { throw reader.failure("bodies are nested too deep") }
        let slice = slice ?? 0..<count
        switch ColumnEncoding(rawValue: try reader.byte()) {
        case .constant:
            target.update(repeating: try reader.signed(), count: slice.count)
        case .step:
            var value = try reader.signed()
            let step = try reader.signed()
            value &+= step &* Int64(slice.lowerBound)
            for index in 0..<slice.count {
                target[index] = value
                value &+= step
            }
        case .vectors:
            try decodeVectors(&reader, count: count, slice: slice, into: target)
        case .scaled:
            let base = try reader.signed()
            let divisor = Int64(bitPattern: try reader.varint())
            try decode(
                &reader, count: count, slice: slice, into: target, depth: depth + 1,
                inDictionary: inDictionary)
            for index in 0..<slice.count { target[index] = base &+ target[index] &* divisor }
        case .dictionary where !inDictionary:
            try decodeDictionary(&reader, count: count, slice: slice, into: target, depth: depth)
        case .planes:
            let base = try reader.signed()
            let size = Int(try reader.byte())
            guard (1...8).contains(size) else { throw reader.failure("\(size) byte planes") }
            let planes = try reader.bytes(count: size * count)
            BytePlanes.decode(planes, base: base, size: size, count: count, slice: slice, into: target)
        default:
            throw reader.failure("an unknown encoding of integers")
        }
        try reader.finish()
    }

    /// Reads values as `decode` does, and divides them by a power of ten to doubles.
    static func decode(
        _ reader: inout ByteReader, count: Int, slice: Range<Int>, dividing division: DecimalDivision,
        into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        var rest = reader
        if try rest.byte() == ColumnEncoding.vectors.rawValue {
            try decodeVectors(&rest, count: count, slice: slice, dividing: division, into: target)
            try rest.finish()
            reader = rest
        } else {
            try decode(&reader, count: count, slice: slice, into: target)
            division.apply(to: target, count: slice.count)
        }
    }

    /// Reads the vectors that overlap the slice, and skips the others.
    private static func decodeVectors(
        _ reader: inout ByteReader, count: Int, slice: Range<Int>, dividing division: DecimalDivision? = nil,
        into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        let scratch = UnsafeMutablePointer<Int64>.allocate(capacity: BlockLimits.vector)
        defer { scratch.deallocate() }
        for start in stride(from: 0, to: count, by: BlockLimits.vector) {
            let size = min(BlockLimits.vector, count - start)
            let wanted = slice.clamped(to: start..<(start + size))
            if wanted.isEmpty {
                try VectorDecoder.skip(&reader, count: size)
                continue
            }
            let place = target + (wanted.lowerBound - slice.lowerBound)
            if division == nil && wanted.count == size {
                try VectorDecoder.decode(&reader, count: size, into: place)
                continue
            }
            try VectorDecoder.decode(&reader, count: size, into: scratch)
            let source = scratch + (wanted.lowerBound - start)
            if let division {
                division.apply(source, count: wanted.count, into: place)
            } else {
                place.update(from: source, count: wanted.count)
            }
        }
    }

    /// The value of a constant body, read to its end; nil, with nothing read, for any other body.
    static func constant(_ reader: inout ByteReader) throws(CodecError) -> Int64? {
        var rest = reader
        guard try rest.byte() == ColumnEncoding.constant.rawValue else { return nil }
        let value = try rest.signed()
        try rest.finish()
        reader = rest
        return value
    }

    /// Reads a body of `count` values that takes all bytes that `reader` has left.
    static func array(_ reader: inout ByteReader, count: Int) throws(CodecError) -> [Int64] {
        let room = UnsafeMutablePointer<Int64>.allocate(capacity: count)
        defer { room.deallocate() }
        try decode(&reader, count: count, into: room)
        return Array(UnsafeBufferPointer(start: room, count: count))
    }

    private static func decodeDictionary(
        _ reader: inout ByteReader, count: Int, slice: Range<Int>, into target: UnsafeMutablePointer<Int64>,
        depth: Int
    ) throws(CodecError) {
        let distinct = try reader.varint(limit: count, "the number of distinct values")
        guard distinct > 0 else { throw reader.failure("an empty dictionary") }
        let size = try reader.varint(limit: reader.remaining, "the size of a dictionary")
        var values = try reader.nested(count: size)
        let entries = UnsafeMutablePointer<Int64>.allocate(capacity: distinct)
        defer { entries.deallocate() }
        try decode(&values, count: distinct, into: entries, depth: depth + 1, inDictionary: true)
        try decode(
            &reader, count: count, slice: slice, into: target, depth: depth + 1, inDictionary: true)
        guard map(target, count: slice.count, through: entries, distinct: distinct) else {
            throw reader.failure("an index beyond the dictionary")
        }
    }

    /// Replaces indexes by entries.
    ///
    /// False, with nothing changed, if an index is out of range.
    static func map(
        _ indexes: UnsafeMutablePointer<Int64>, count: Int, through entries: UnsafePointer<Int64>,
        distinct: Int
    ) -> Bool {
        let last = Int64(distinct - 1)
        var signs: Int64 = 0
        for position in 0..<count { signs |= indexes[position] | (last &- indexes[position]) }
        if signs < 0 { return false }
        for position in 0..<count {
            indexes[position] = entries[Int(truncatingIfNeeded: indexes[position])]
        }
        return true
    }
}
