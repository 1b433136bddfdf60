// DoubleBody.swift — a column of doubles without the envelope: its layouts, and their decoding.
//
//     bits               an integer body of the bit patterns
//     decimal            e: byte, exceptions, an integer body of m; the value is m / 10^e
//     float              exceptions, an integer body of 32-bit patterns
//     predicted          origin, e, digits: bytes; size: varint, an integer body of differences of bit patterns;
//                        an integer body of m
//     doubleDictionary   count, size: varints, a double body of the distinct values, an integer body of indexes
//     significant        e, digits: bytes, exceptions, an integer body of the numbers of decimals
//     fixed              precision: byte, top: UInt16, exceptions, size: varint, low bits, an integer body
//     sparse             pattern: UInt64, count of other values, count of runs, size: varints, an integer body of
//                        run lengths (pattern and other values by turns, the pattern first), then a double body
//                        of the other values
//
//     exceptions         count: varint; if not 0: size: varint, an integer body of the positions,
//                        size: varint, an integer body of the bit patterns
//
// Invariants:
// - Bit patterns are returned exactly, whatever they mean.
// - A dictionary holds neither a dictionary nor a sparse body; sparse bodies nest at most twice.

enum DoubleBody {
    static let maximumSparseDepth = 2

    /// Reads bit patterns of a body of `count` (1...8192) values that takes all bytes that `reader` has left.
    ///
    /// - Parameter slice: The positions of the values to write, the first of them to `target`.
    /// - Throws: `CodecError` if the bytes are not such a body.
    static func decode(
        _ reader: inout ByteReader, count: Int, slice: Range<Int>, into target: UnsafeMutablePointer<Int64>,
        inDictionary: Bool = false, sparseDepth: Int = 0
    ) throws(CodecError) {
        switch ColumnEncoding(rawValue: try reader.byte()) {
        case .bits:
            try IntegerBody.decode(&reader, count: count, slice: slice, into: target)
        case .decimal:
            try decodeDecimal(&reader, count: count, slice: slice, into: target)
        case .float:
            let exceptions = try Exceptions(from: &reader, count: count)
            try IntegerBody.decode(&reader, count: count, slice: slice, into: target)
            for index in 0..<slice.count {
                let pattern = UInt32(truncatingIfNeeded: target[index])
                target[index] = Int64(bitPattern: Double(Float(bitPattern: pattern)).bitPattern)
            }
            exceptions.apply(to: target, slice: slice)
        case .predicted:
            try decodePredicted(&reader, count: count, slice: slice, into: target)
        case .significant:
            try decodeSignificant(&reader, count: count, slice: slice, into: target)
        case .fixed:
            try decodeFixed(&reader, count: count, slice: slice, into: target)
        case .doubleDictionary where !inDictionary:
            try decodeDictionary(&reader, count: count, slice: slice, into: target)
        case .sparse where !inDictionary && sparseDepth < maximumSparseDepth:
            try decodeSparse(&reader, count: count, slice: slice, into: target, depth: sparseDepth + 1)
        default:
            throw reader.failure("an unknown encoding of doubles")
        }
        try reader.finish()
    }

    private static func decodeDecimal(
        _ reader: inout ByteReader, count: Int, slice: Range<Int>, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        let exponent = try readExponent(&reader)
        let exceptions = try Exceptions(from: &reader, count: count)
        try IntegerBody.decode(
            &reader, count: count, slice: slice, dividing: DecimalDivision(exponent: exponent), into: target)
        exceptions.apply(to: target, slice: slice)
    }

    private static func decodeSignificant(
        _ reader: inout ByteReader, count: Int, slice: Range<Int>, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        let exponent = try readExponent(&reader)
        let digits = Int(try reader.byte())
        guard SignificantDigits.digitRange.contains(digits) else {
            throw reader.failure("\(digits) significant digits")
        }
        let exceptions = try Exceptions(from: &reader, count: count)
        try IntegerBody.decode(&reader, count: count, slice: slice, into: target)
        let numbering = SignificantDigits(exponent: exponent, digits: digits)
        guard numbering.apply(to: target, count: slice.count) else {
            throw reader.failure("a number beyond the last decimal")
        }
        exceptions.apply(to: target, slice: slice)
    }

    private static func decodeFixed(
        _ reader: inout ByteReader, count: Int, slice: Range<Int>, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        let precision = Int(try reader.byte())
        let top = Int(try reader.integer(as: UInt16.self))
        guard (1...53).contains(precision), (1...2046).contains(top) else {
            throw reader.failure("fixed-point numbers of \(precision) bits with the exponent \(top)")
        }
        let exceptions = try Exceptions(from: &reader, count: count)
        let size = try reader.varint(limit: reader.remaining, "the size of the low bits")
        let bits = try reader.bytes(count: size)
        // The position of the low bits of a value depends on all values before it.
        let values = UnsafeMutablePointer<Int64>.allocate(capacity: count)
        defer { values.deallocate() }
        try IntegerBody.decode(&reader, count: count, into: values)
        guard FixedPoint(precision: precision, top: top).apply(to: values, count: count, bits: bits) else {
            throw reader.failure("fixed-point numbers and their low bits do not match")
        }
        target.update(from: values + slice.lowerBound, count: slice.count)
        exceptions.apply(to: target, slice: slice)
    }

    private static func readExponent(_ reader: inout ByteReader) throws(CodecError) -> Int {
        let exponent = Int(try reader.byte())
        guard exponent <= DecimalPrediction.maximumExponent else {
            throw reader.failure("a decimal exponent of \(exponent)")
        }
        return exponent
    }

    private static func decodePredicted(
        _ reader: inout ByteReader, count: Int, slice: Range<Int>, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        guard let origin = DecimalPrediction.Origin(rawValue: try reader.byte()) else {
            throw reader.failure("an unknown origin of a decimal")
        }
        let exponent = try readExponent(&reader)
        let digits = Int(try reader.byte())
        guard DecimalPrediction.digitRange.contains(digits) else {
            throw reader.failure("\(digits) printed digits")
        }
        let prediction = DecimalPrediction(origin: origin, exponent: exponent, digits: digits)
        let size = try reader.varint(limit: reader.remaining, "the size of the differences")
        var nested = try reader.nested(count: size)
        if let difference = try IntegerBody.constant(&nested) {
            try IntegerBody.decode(&reader, count: count, slice: slice, into: target)
            PredictedColumn(prediction).apply(target, count: slice.count, into: target)
            if difference != 0 { for index in 0..<slice.count { target[index] &+= difference } }
            return
        }
        let differences = UnsafeMutablePointer<Int64>.allocate(capacity: slice.count)
        defer { differences.deallocate() }
        try IntegerBody.decode(&nested, count: count, slice: slice, into: differences)
        try IntegerBody.decode(&reader, count: count, slice: slice, into: target)
        PredictedColumn(prediction).apply(target, count: slice.count, into: target)
        for index in 0..<slice.count { target[index] &+= differences[index] }
    }

    private static func decodeSparse(
        _ reader: inout ByteReader, count: Int, slice: Range<Int>, into target: UnsafeMutablePointer<Int64>,
        depth: Int
    ) throws(CodecError) {
        let pattern = Int64(bitPattern: try reader.integer(as: UInt64.self))
        let others = try reader.varint(limit: count, "the number of other values")
        let runs = try reader.varint(limit: count + 1, "the number of runs")
        guard others > 0, runs > 0 else { throw reader.failure("a sparse body without other values") }
        let size = try reader.varint(limit: reader.remaining, "the size of the runs")
        var nested = try reader.nested(count: size)
        let lengths = try IntegerBody.array(&nested, count: runs)
        var position = 0
        // The number of other values before the slice, before its end, and in all.
        var (before, within, taken) = (0, 0, 0)
        for (index, length) in lengths.enumerated() {
            guard length >= 0, length <= Int64(count - position) else {
                throw reader.failure("the runs are too long")
            }
            let run = position..<(position + Int(length))
            if index & 1 == 1 {
                before += run.clamped(to: 0..<slice.lowerBound).count
                within += run.clamped(to: 0..<slice.upperBound).count
                taken += run.count
            }
            position = run.upperBound
        }
        guard position == count, taken == others else { throw reader.failure("the runs do not add up") }
        let values = UnsafeMutablePointer<Int64>.allocate(capacity: max(1, within - before))
        defer { values.deallocate() }
        try decode(&reader, count: others, slice: before..<within, into: values, sparseDepth: depth)
        position = 0
        taken = 0
        for (index, length) in lengths.enumerated() {
            let run = (position..<(position + Int(length))).clamped(to: slice)
            position += Int(length)
            let place = target + (run.lowerBound - slice.lowerBound)
            if index & 1 == 0 {
                place.update(repeating: pattern, count: run.count)
            } else {
                place.update(from: values + taken, count: run.count)
                taken += run.count
            }
        }
    }

    private static func decodeDictionary(
        _ reader: inout ByteReader, count: Int, slice: Range<Int>, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        let distinct = try reader.varint(limit: count, "the number of distinct values")
        guard distinct > 0 else { throw reader.failure("an empty dictionary") }
        let size = try reader.varint(limit: reader.remaining, "the size of a dictionary")
        var nested = try reader.nested(count: size)
        let entries = UnsafeMutablePointer<Int64>.allocate(capacity: distinct)
        defer { entries.deallocate() }
        try decode(
            &nested, count: distinct, slice: 0..<distinct, into: entries, inDictionary: true)
        try IntegerBody.decode(
            &reader, count: count, slice: slice, into: target, inDictionary: true)
        guard IntegerBody.map(target, count: slice.count, through: entries, distinct: distinct) else {
            throw reader.failure("an index beyond the dictionary")
        }
    }
}

/// Values of a column that its transform does not reproduce, with their positions.
struct Exceptions {
    private(set) var positions: [Int64] = []
    private(set) var patterns: [Int64] = []

    init() {}

    /// Reads the exceptions of a column of `count` values.
    ///
    /// Throws `CodecError` if one is outside the column.
    init(from reader: inout ByteReader, count: Int) throws(CodecError) {
        let found = try reader.varint(limit: count, "the number of exceptions")
        if found == 0 { return }
        positions = try Self.readIntegers(&reader, count: found)
        patterns = try Self.readIntegers(&reader, count: found)
        for position in positions where position < 0 || position >= count {
            throw reader.failure("an exception at \(position) of \(count) values")
        }
    }

    var isEmpty: Bool { positions.isEmpty }

    mutating func append(position: Int, pattern: Int64) {
        positions.append(Int64(position))
        patterns.append(pattern)
    }

    /// Writes the exceptions that are in a slice of the column to their places in `target`.
    func apply(to target: UnsafeMutablePointer<Int64>, slice: Range<Int>) {
        for index in positions.indices where slice.contains(Int(positions[index])) {
            target[Int(positions[index]) - slice.lowerBound] = patterns[index]
        }
    }

    private static func readIntegers(
        _ reader: inout ByteReader, count: Int
    ) throws(CodecError) -> [Int64] {
        let size = try reader.varint(limit: reader.remaining, "the size of the exceptions")
        var nested = try reader.nested(count: size)
        return try IntegerBody.array(&nested, count: count)
    }
}
