// WALRecord.swift — the payload of a commit record.
//
// varint commit · dictionary run (DictionaryFile) · batch record · varint series, then per series: varint id, u8
// type, varint pieces, then per piece: varint samples, varint bytes of times, varint bytes of block, times, block.

package import VarveCodec
package import VarveModel

/// The rows of one series as a commit stores them: each time once, ascending.
package struct StoredRows: Sendable {
    package var series: SeriesID
    package var type: ValueType
    package var columns: SampleColumns

    package var count: Int { columns.count }

    package init(series: SeriesID, type: ValueType, columns: SampleColumns) {
        self.series = series
        self.type = type
        self.columns = columns
    }
}

package struct WALRecord: Sendable {
    package var commit: UInt64
    package var firstSeries: Int
    package var newSeries: [SeriesInfo]
    package var batch: BatchRecord
    package var rows: [StoredRows]

    package init(
        commit: UInt64, firstSeries: Int, newSeries: [SeriesInfo], batch: BatchRecord, rows: [StoredRows]
    ) {
        self.commit = commit
        self.firstSeries = firstSeries
        self.newSeries = newSeries
        self.batch = batch
        self.rows = rows
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter(capacity: 256 + rows.count * 128)
        writer.appendVarint(commit)
        DictionaryFile.write(first: firstSeries, newSeries, to: &writer)
        batch.write(to: &writer)
        writer.appendVarint(UInt64(rows.count))
        if let bound = FewRows.bound(rows) {
            FewRows.append(rows, commit: commit, bound: bound, to: &writer)
            return writer.bytes
        }
        for row in rows {
            if let bound = FewRows.bound(row) {
                FewRows.append([row], commit: commit, bound: bound, to: &writer)
                continue
            }
            writer.appendVarint(UInt64(row.series))
            writer.append(row.type.rawValue)
            let run = SampleRun(row.columns, commit: commit)
            let pieces = run.blocks
            writer.appendVarint(UInt64(pieces.count))
            for piece in pieces {
                let times = BlockCodec.encodeTimes(run, piece, effort: .standard)
                let block = BlockCodec.encodeBlock(run, piece, type: row.type, effort: .standard)
                Self.write(piece.count, times, block, to: &writer)
            }
        }
        return writer.bytes
    }

    private static func write(_ count: Int, _ times: [UInt8], _ block: [UInt8], to writer: inout ByteWriter) {
        writer.appendVarint(UInt64(count))
        writer.appendVarint(UInt64(times.count))
        writer.appendVarint(UInt64(block.count))
        times.withUnsafeBytes { writer.append(bytes: $0) }
        block.withUnsafeBytes { writer.append(bytes: $0) }
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        commit = try reader.varint()
        (firstSeries, newSeries) = try DictionaryFile.read(&reader)
        batch = try BatchRecord(from: &reader)
        rows = []
        let count = try reader.varint(limit: reader.remaining, "series")
        var size = Size()
        for _ in 0..<count { rows.append(try Self.rows(&reader, &size)) }
        try reader.finish()
    }

    /// What the rows read so far take: a few bytes may stand for many samples, but a record has no more than fit.
    private struct Size {
        var rows = 0
        var textBytes = 0
    }

    private static func rows(
        _ reader: inout ByteReader, _ size: inout Size
    ) throws(CodecError) -> StoredRows {
        let series = SeriesID(try reader.varint(limit: Limits.series, "series id"))
        guard let type = ValueType(rawValue: try reader.integer(as: UInt8.self)) else {
            throw reader.failure("unknown value type")
        }
        let pieces = try reader.varint(limit: Limits.batchRows, "pieces")
        var builder = SampleRunBuilder(type: type)
        for _ in 0..<pieces {
            let samples = try reader.varint(limit: Limits.blockSamples, "samples")
            size.rows += samples
            guard size.rows <= Limits.walBatchRows else { throw reader.failure("too many samples") }
            let timeCount = try reader.varint(limit: Limits.blockBytes, "bytes of times")
            let blockCount = try reader.varint(limit: Limits.blockBytes, "bytes of a block")
            let times = try reader.bytes(count: timeCount)
            let block = try reader.bytes(count: blockCount)
            let run = try BlockCodec.decode(block: block, times: times, count: samples, type: type)
            size.textBytes += run.textBytes
            guard size.textBytes <= Limits.walBatchTextBytes else { throw reader.failure("too much text") }
            if let before = builder.times.last, let first = run.times.first, before >= first {
                throw reader.failure("pieces out of order")
            }
            for index in 1..<max(run.count, 1) where run.times[index - 1] == run.times[index] {
                throw reader.failure("a time comes twice")
            }
            builder.append(run, 0..<run.count)
        }
        return StoredRows(series: series, type: type, columns: builder.finish().columns)
    }
}
