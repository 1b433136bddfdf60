// WALRecordReader.swift — reads the payload of a commit record, one series after the other.
//
// Invariants:
// - The head of the record is read when the reader is created, rows only by `next`.
// - A record with more rows or text than a writer puts into one is refused.

import VarveCodec
import VarveModel
import VarveSegment

/// A commit record that is being read.
struct WALRecordReader {
    /// The rows of one series.
    enum Rows {
        /// The rows are in the buffer.
        case few(SeriesID, ValueType)
        case columns(StoredRows)
    }

    let commit: UInt64
    let firstSeries: Int
    let newSeries: [SeriesInfo]
    let batch: BatchRecord
    /// The number of series with rows.
    let seriesCount: Int
    /// The bytes that are not read yet.
    private(set) var reader: ByteReader
    private var position = 0
    private var rows = 0
    private var textBytes = 0

    /// Reads the fields before the rows.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    init(_ payload: ByteReader) throws(CodecError) {
        var reader = payload
        commit = try reader.varint()
        (firstSeries, newSeries) = try DictionaryFile.read(&reader)
        batch = try BatchRecord(from: &reader)
        seriesCount = try reader.varint(limit: reader.remaining, "series")
        self.reader = reader
    }

    /// Reads the rows of the next series; nil at the end of the record.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    mutating func next(_ buffer: SmallRowBuffer) throws(CodecError) -> Rows? {
        guard position < seriesCount else {
            try reader.finish()
            return nil
        }
        position += 1
        let series = SeriesID(try reader.varint(limit: FormatLimits.series, "series id"))
        guard let type = ValueType(rawValue: try reader.byte()) else {
            throw reader.failure("unknown value type")
        }
        if try buffer.read(&reader, type) {
            try count(rows: buffer.count, textBytes: 0)
            return .few(series, type)
        }
        return .columns(StoredRows(series: series, type: type, columns: try columns(type)))
    }

    /// Adds to the counts of the record and checks their limits, as a few bytes can encode many samples.
    private mutating func count(rows: Int, textBytes: Int) throws(CodecError) {
        self.rows += rows
        guard self.rows <= Limits.walBatchRows else { throw reader.failure("too many samples") }
        self.textBytes += textBytes
        guard self.textBytes <= Limits.walBatchTextBytes else { throw reader.failure("too much text") }
    }

    private mutating func columns(_ type: ValueType) throws(CodecError) -> SampleColumns {
        let pieces = try reader.varint(limit: Limits.batchRows, "pieces")
        var builder = SampleRunBuilder(type: type)
        for _ in 0..<pieces {
            let samples = try reader.varint(limit: FormatLimits.blockSamples, "samples")
            try count(rows: samples, textBytes: 0)
            let timeCount = try reader.varint(limit: FormatLimits.blockBytes, "bytes of times")
            let blockCount = try reader.varint(limit: FormatLimits.blockBytes, "bytes of a block")
            let times = try reader.bytes(count: timeCount)
            let block = try reader.bytes(count: blockCount)
            let run = try BlockCodec.decode(block: block, times: times, count: samples, type: type)
            try count(rows: 0, textBytes: run.textBytes)
            if let before = builder.times.last, let first = run.times.first, before >= first {
                throw reader.failure("pieces out of order")
            }
            for index in 1..<max(run.count, 1) where run.times[index - 1] == run.times[index] {
                throw reader.failure("a time comes twice")
            }
            builder.append(run, 0..<run.count)
        }
        return builder.finish().columns
    }
}
