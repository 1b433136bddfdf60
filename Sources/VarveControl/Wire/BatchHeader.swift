// BatchHeader.swift — the announcement of a batch, sent before its rows so that it can be refused before they
// come.

import VarveCodec
import VarveModel

/// The announcement of a batch.
struct BatchHeader: Hashable {
    /// Whether the batch only asks what a commit would do.
    var isAssessment: Bool
    var part: SampleBatch.Part?
    var reapply: Bool
    var policyMark: UInt64
    var series: Int
    var rows: Int
    var textBytes: Int

    private static let assessmentFlag: UInt8 = 1
    private static let reapplyFlag: UInt8 = 2
    private static let partFlag: UInt8 = 4
    private static let lastFlag: UInt8 = 8
    /// The mark of policies follows; without it the mark is 0.
    private static let policyFlag: UInt8 = 16

    /// Announces a batch, after it checks that its columns fit together.
    ///
    /// - Throws: `ControlError` of kind `batchRefused` for a batch that cannot be sent.
    init(_ batch: borrowing SampleBatch, isAssessment: Bool) throws {
        self.isAssessment = isAssessment
        part = batch.part
        reapply = batch.reapply
        policyMark = batch.policyMark
        series = batch.series.count
        rows = 0
        textBytes = 0
        for one in batch.series {
            rows += one.columns.count
            textBytes += try Self.textBytes(of: one)
        }
        guard rows <= ControlLimits.batchRows, series <= ControlLimits.batchSeries,
            textBytes <= ControlLimits.batchTextBytes
        else {
            throw ControlError(
                .batchRefused,
                "a batch of \(rows) rows of \(series) series with \(textBytes) bytes of text is too large")
        }
    }

    private static func textBytes(of one: SeriesRows) throws -> Int {
        let columns = one.columns
        let fits = columns.values.count == columns.count && columns.states.count == columns.count
        let name = "point \(one.key.point) of \(one.key.device)"
        guard fits else { throw ControlError(.batchRefused, "columns of different lengths for \(name)") }
        guard case .text(let text) = columns.values else {
            guard !one.type.isText else { throw ControlError(.batchRefused, "numbers for \(name), a text") }
            return 0
        }
        guard one.type.isText else { throw ControlError(.batchRefused, "text for \(name), a number") }
        var start = 0
        for end in text.ends {
            guard end >= start, end - start <= ControlLimits.textBytes else {
                throw ControlError(.batchRefused, "a text of \(end - start) bytes for \(name)")
            }
            start = end
        }
        guard start == text.bytes.count else {
            throw ControlError(.batchRefused, "texts of impossible lengths for \(name)")
        }
        return start
    }

    func write(to writer: inout ByteWriter) {
        var flags: UInt8 = isAssessment ? Self.assessmentFlag : 0
        if reapply { flags |= Self.reapplyFlag }
        if let part { flags |= Self.partFlag | (part.isLast ? Self.lastFlag : 0) }
        if policyMark != 0 { flags |= Self.policyFlag }
        writer.append(flags)
        writer.append(part?.index ?? 0)
        if policyMark != 0 { writer.append(policyMark) }
        writer.appendVarint(UInt64(series))
        writer.appendVarint(UInt64(rows))
        writer.appendVarint(UInt64(textBytes))
    }

    init(from reader: inout ByteReader) throws {
        let flags = try reader.byte()
        guard flags < 32 else { throw reader.failure("unknown flags") }
        let index = try reader.integer(as: UInt32.self)
        isAssessment = flags & Self.assessmentFlag != 0
        reapply = flags & Self.reapplyFlag != 0
        policyMark = flags & Self.policyFlag == 0 ? 0 : try reader.integer(as: UInt64.self)
        let isLast = flags & Self.lastFlag != 0
        part = flags & Self.partFlag == 0 ? nil : SampleBatch.Part(index: index, isLast: isLast)
        series = try reader.varint(limit: ControlLimits.batchSeries, "the number of series")
        rows = try reader.varint(limit: ControlLimits.batchRows, "the number of rows")
        textBytes = try reader.varint(limit: ControlLimits.batchTextBytes, "the bytes of text")
    }
}
