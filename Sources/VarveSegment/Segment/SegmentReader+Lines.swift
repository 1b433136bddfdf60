// SegmentReader+Lines.swift — the lines that describe a segment for `varve inspect`.

import VarveModel

extension SegmentReader {
    /// The lines that describe the segment.
    ///
    /// - Parameter limit: At most so many encodings, and so many entries, have a line.
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    package func lines(limit: Int) throws -> [String] {
        let summary = reference.summary
        let index = try top().index
        var lines = [
            "segment \(reference.id), \(reference.byteCount) bytes",
            "  \(summary.samples) samples in \(summary.blocks) blocks of \(summary.series) series, "
                + "\(index.pages.count) index pages",
            "  \(summary.span), commits \(summary.lowestCommit) to "
                + "\(summary.highestCommit)",
        ]
        for (codec, bytes) in index.codecs.bytes.sorted(by: { $0.value > $1.value }).prefix(limit) {
            lines.append("  codec \(codec): \(bytes) bytes")
        }
        var left = limit
        for number in index.pages.indices where left > 0 {
            let page = try page(number)
            for place in 0..<min(left, page.count) {
                let entry = page[place]
                lines.append(
                    "  series \(entry.series), byte \(entry.block.offset): \(entry.count) samples from "
                        + "\(entry.row) in \(entry.block.count) bytes, "
                        + (entry.times.map { "times in \($0.count) bytes at \($0.offset), " } ?? "")
                        + (entry.vectors.map { "vectors in \($0.bytes.count) bytes, " } ?? "")
                        + SegmentSummary.span(entry.firstTime, entry.lastTime))
            }
            left -= min(left, page.count)
        }
        return lines
    }
}

extension SegmentSummary {
    /// The first and the last time as text.
    package var span: String { Self.span(firstTime, lastTime) }

    fileprivate static func span(_ first: Int64, _ last: Int64) -> String {
        "\(Timestamp(nanoseconds: first)) to \(Timestamp(nanoseconds: last))"
    }
}
