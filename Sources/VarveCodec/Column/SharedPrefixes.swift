// SharedPrefixes.swift — texts that share a prefix with the text before them: the length of the prefix, and
// the rest.
//
//     size: varint, an integer body of the prefix lengths,
//     size: varint, an integer body of the lengths of the rests,
//     then the bytes of the rests of all texts
//
// Names with counters, times as text and documents of one kind share most of their bytes with their
// neighbour. LZ4 finds that too, but takes three bytes or more to say it for each text. As columns, the
// lengths mostly cost nothing.
//
// Invariants:
// - The first text shares nothing, and no text shares more bytes than the one before it has.

struct SharedPrefixes {
    private var shared: [Int64] = []
    private var rest: [Int64] = []
    private var bytes: [UInt8] = []

    /// Splits texts into prefix lengths and rests.
    ///
    /// Nil if they share less than a fifth of their bytes.
    init?(bytes source: UnsafeBufferPointer<UInt8>, ends: UnsafeBufferPointer<Int>) {
        guard ends.count > 1, !source.isEmpty else { return nil }
        shared.reserveCapacity(ends.count)
        rest.reserveCapacity(ends.count)
        var before = 0..<0
        var saved = 0
        for end in ends {
            let text = before.upperBound..<end
            let common = Self.common(source, before, text)
            shared.append(Int64(common))
            rest.append(Int64(text.count - common))
            saved += common
            before = text
        }
        guard saved >= source.count / 5 else { return nil }
        bytes.reserveCapacity(source.count - saved)
        var start = 0
        for (index, end) in ends.enumerated() {
            bytes.append(contentsOf: source[(start + Int(shared[index]))..<end])
            start = end
        }
    }

    private static func common(
        _ source: UnsafeBufferPointer<UInt8>, _ first: Range<Int>, _ second: Range<Int>
    ) -> Int {
        let limit = min(first.count, second.count)
        var count = 0
        while count < limit,
            source[first.lowerBound &+ count] == source[second.lowerBound &+ count]
        {
            count &+= 1
        }
        return count
    }

    /// Writes the prefix lengths, the lengths of the rests, and the rests.
    func write(effort: Effort, into writer: inout ByteWriter) {
        for lengths in [shared, rest] {
            writer.appendSized { nested in
                lengths.withUnsafeBufferPointer { IntegerPlan($0, effort: effort).write($0, into: &nested) }
            }
        }
        writer.bytes.append(contentsOf: bytes)
    }

    /// Reads `count` texts of at most `byteLimit` bytes in all.
    ///
    /// - Throws: `CodecError` if they are damaged or take more bytes.
    static func read(
        _ reader: inout ByteReader, count: Int, byteLimit: Int
    ) throws(CodecError) -> (bytes: [UInt8], ends: [Int]) {
        let shared = try lengths(&reader, count)
        let rest = try lengths(&reader, count)
        var size = 0
        for index in 0..<count {
            let before = index == 0 ? 0 : shared[index - 1] + rest[index - 1]
            guard (0...before).contains(shared[index]), (0...Int64(byteLimit)).contains(rest[index]) else {
                throw reader.failure("a text shares more than the one before it has")
            }
            size += Int(shared[index] + rest[index])
            guard size <= byteLimit else {
                throw reader.failure("the texts take more than \(byteLimit) bytes")
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        var ends: [Int] = []
        ends.reserveCapacity(count)
        var start = 0
        for index in 0..<count {
            let own = try reader.bytes(count: Int(rest[index]))
            let end = bytes.count
            bytes.append(contentsOf: bytes[start..<(start + Int(shared[index]))])
            bytes.append(contentsOf: own)
            start = end
            ends.append(bytes.count)
        }
        return (bytes, ends)
    }

    private static func lengths(
        _ reader: inout ByteReader, _ count: Int
    ) throws(CodecError) -> [Int64] {
        let size = try reader.varint(limit: reader.remaining, "the size of lengths")
        var nested = try reader.nested(count: size)
        return try IntegerBody.array(&nested, count: count)
    }
}
