// WALRecord.swift — the payload of a whole commit record; WALRecordReader reads it piece by piece.
//
// varint commit · dictionary run (DictionaryFile) · batch record · varint series, then per series: varint id, u8
// type, varint pieces, then per piece: varint samples, varint bytes of times, varint bytes of block, times, block.

package import VarveCodec
package import VarveModel
package import VarveSegment

/// The rows of one series in a commit; times ascend strictly.
package struct StoredRows: Sendable {
    var series: SeriesID
    var type: ValueType
    var columns: SampleColumns

    package var count: Int { columns.count }

    package init(series: SeriesID, type: ValueType, columns: SampleColumns) {
        self.series = series
        self.type = type
        self.columns = columns
    }
}

package struct WALRecord: Sendable {
    var commit: UInt64
    var firstSeries: Int
    var newSeries: [SeriesInfo]
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
        if let bound = SmallRowEncoder.bound(rows) {
            SmallRowEncoder.append(rows, commit: commit, bound: bound, to: &writer)
            return writer.bytes
        }
        for row in rows {
            if let bound = SmallRowEncoder.bound(row) {
                SmallRowEncoder.append([row], commit: commit, bound: bound, to: &writer)
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

    /// Reads a whole record.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    package init(from reader: inout ByteReader) throws(CodecError) {
        var record = try WALRecordReader(reader)
        try self.init(&record, SmallRowBuffer())
        reader = record.reader
    }

    /// Reads all rows of a record.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    init(_ record: inout WALRecordReader, _ buffer: SmallRowBuffer) throws(CodecError) {
        self.init(
            commit: record.commit, firstSeries: record.firstSeries, newSeries: record.newSeries,
            batch: record.batch, rows: [])
        while let next = try record.next(buffer) {
            switch next {
            case .few(let series, let type):
                rows.append(StoredRows(series: series, type: type, columns: buffer.columns(type)))
            case .columns(let stored): rows.append(stored)
            }
        }
    }
}
