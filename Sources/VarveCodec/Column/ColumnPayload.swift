// ColumnPayload.swift — the envelope of a column body: uncompressed, or one LZ4 block.
//
//     plain    64, then the body
//     lz4      65, the size of the body: varint, then one LZ4 block
//
// Invariants:
// - LZ4 is used where it saves at least one byte in 33 (3 %) against the smallest plain body.
// - The size of an LZ4 body is checked against a limit before memory is allocated for it.

enum ColumnPayload {
    /// Writes the smallest of the candidates, each tried without compression and, if `triesLZ4`, with it.
    ///
    /// - Returns: Which candidate was written, and whether it was written as an LZ4 block.
    @discardableResult
    static func write(
        _ candidates: [ByteWriter], effort: Effort, triesLZ4: Bool = true, into writer: inout ByteWriter
    ) -> (index: Int, isPacked: Bool) {
        guard var best = candidates.first else { return (0, false) }
        var chosen = 0
        for (index, candidate) in candidates.enumerated() where candidate.count < best.count {
            (best, chosen) = (candidate, index)
        }
        let limit = best.count - best.count / 33 - 4
        var packed: (block: ByteWriter, bodySize: Int)?
        for (index, candidate) in candidates.enumerated() where triesLZ4 {
            var block = ByteWriter()
            let wanted = min(limit, (packed?.block.count ?? .max) - 1)
            guard wanted > 0 else { continue }
            let level: LZ4.Level = effort == .standard ? .fast : .high
            let size = candidate.bytes.withUnsafeBytes {
                LZ4.compress($0, into: &block, level: level, limit: wanted)
            }
            if size != nil { (packed, chosen) = ((block, candidate.count), index) }
        }
        if let packed {
            writer.append(ColumnEnvelope.lz4.rawValue)
            writer.appendVarint(UInt64(packed.bodySize))
            writer.bytes.append(contentsOf: packed.block.bytes)
        } else {
            writer.append(ColumnEnvelope.plain.rawValue)
            writer.bytes.append(contentsOf: best.bytes)
        }
        return (chosen, packed != nil)
    }

    /// Decompresses the body if needed and gives it to `read`.
    ///
    /// - Parameter limit: The most bytes that a body of this column can have.
    /// - Throws: `CodecError` if the envelope is unknown or damaged, and what `read` throws.
    static func withBody(
        _ bytes: UnsafeRawBufferPointer, limit: Int,
        read: (inout ByteReader) throws(CodecError) -> Void
    ) throws(CodecError) {
        var reader = ByteReader(bytes)
        switch ColumnEnvelope(rawValue: try reader.byte()) {
        case .plain:
            var body = try reader.nested(count: reader.remaining)
            try read(&body)
        case .lz4:
            let size = try reader.varint(limit: limit, "the size of an LZ4 body")
            let block = try reader.bytes(count: reader.remaining)
            let room = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
            defer { room.deallocate() }
            try LZ4.decompress(block, into: room)
            var body = ByteReader(UnsafeRawBufferPointer(room))
            try read(&body)
        case nil:
            throw CodecError(offset: 0, reason: "an unknown envelope of a column")
        }
    }

    /// Checks the number of values of a column.
    ///
    /// An empty column has no bytes at all.
    ///
    /// - Returns: Whether there is something to decode.
    /// - Throws: `CodecError` if `count` is not in 0...8192, or if it is 0 and there are bytes.
    static func check(_ bytes: UnsafeRawBufferPointer, count: Int) throws(CodecError) -> Bool {
        guard (0...BlockLimits.samples).contains(count) else {
            throw CodecError(offset: 0, reason: "a column of \(count) values, above \(BlockLimits.samples)")
        }
        if count == 0 && !bytes.isEmpty {
            throw CodecError(offset: 0, reason: "an empty column has \(bytes.count) bytes")
        }
        return count > 0
    }
}
