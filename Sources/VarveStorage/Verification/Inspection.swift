// Inspection.swift — describes one file of a data directory line by line, for `varve inspect`.
//
// Invariants:
// - Reads through the same checked readers as the store: a damaged file is reported, never shown wrongly.

import VarveCodec
public import VarveFile
import VarveModel

/// Looks inside one file.
public enum Inspection {
    /// The lines that describe a file.
    ///
    /// - Parameters:
    ///   - path: The file, in its place below a data directory.
    ///   - limit: The most blocks, series or records to list.
    ///   - files: The disk.
    /// - Throws: `StorageError.damaged`, `FileError`, or `StorageError.noStore` for a file that is no part of a store.
    public static func lines(
        of path: String, limit: Int, files: any FileSystem = POSIXFileSystem()
    ) throws -> [String] {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last else { throw StorageError.noStore(path: path) }
        _ = try files.open(path, .read)
        let folder = parts.count > 1 ? String(parts[parts.count - 2]) : ""
        let above = parts.dropLast(2).joined(separator: "/")
        let root = parts.count > 2 ? (above.isEmpty ? "/" : above) : parts.count == 2 ? "." : ".."
        let directory = DataDirectory(root)
        if let number = DataDirectory.manifestNumber(String(name)) {
            return try manifest(number, files, directory, limit)
        }
        if let (number, sealed) = DataDirectory.walNumber(String(name)) {
            return try wal(number, sealed, files, directory, limit)
        }
        let relative = folder.isEmpty ? "segments/\(name)" : "\(folder)/\(name)"
        let stem = name.prefix { $0 != "." }
        switch (FileID(hex: Substring(stem)), name.split(separator: ".").last) {
        case (let id?, "segment"): return try segment(relative, id, files, directory, limit)
        case (_?, "dictionary"): return try dictionary(relative, files, directory, limit)
        case (_?, "receipts"): return try receipts(relative, files, directory, limit)
        case (let id?, "messages"): return try messages(id, files, directory, limit)
        default: throw UnknownFile(path: path)
        }
    }

    /// The path names nothing that a store is made of.
    private struct UnknownFile: Error, CustomStringConvertible {
        let path: String
        var description: String {
            "\(path) is no file of a store; name one below segments/, manifests/ or wal/ of a data directory"
        }
    }

    private static func manifest(
        _ number: UInt64, _ files: any FileSystem, _ directory: DataDirectory, _ limit: Int
    ) throws -> [String] {
        let manifest = try ManifestLog.read(number, files, directory).manifest
        var lines = [
            "manifest \(number), written \(Timestamp(nanoseconds: manifest.writtenAt))",
            "  newest commit \(manifest.commit), first WAL file \(manifest.firstWAL), samples \(manifest.samples)",
        ]
        for segment in manifest.segments.prefix(limit) {
            let summary = segment.summary
            lines.append(
                "  segment \(segment.id): \(segment.byteCount) bytes, \(summary.samples) samples in \(summary.blocks) "
                    + "blocks of \(summary.series) series, \(span(summary.firstTime, summary.lastTime)), commits "
                    + "\(summary.lowestCommit) to \(summary.highestCommit)\(segment.isCompacted ? ", compacted" : "")"
            )
        }
        for part in manifest.dictionary {
            lines.append("  dictionary \(part.id): \(part.byteCount) bytes, \(part.count) series")
        }
        for part in manifest.receipts {
            lines.append("  receipts \(part.id): \(part.byteCount) bytes, \(part.count) records")
        }
        for part in manifest.messages {
            lines.append("  messages \(part.id): \(part.byteCount) bytes, \(part.count) messages")
        }
        for replacement in manifest.replacements {
            lines.append(
                "  commit \(replacement.commit): series from \(replacement.first) on took the place of "
                    + "\(replacement.old.count) others")
        }
        return lines
    }

    private static func wal(
        _ number: UInt64, _ sealed: Bool, _ files: any FileSystem, _ directory: DataDirectory, _ limit: Int
    ) throws -> [String] {
        let contents = try WALReader.read(number: number, sealed: sealed, files, directory)
        var lines = [
            "WAL file \(number), records \(contents.firstRecord) to \(contents.nextRecord - 1), "
                + (sealed ? "sealed" : "open")
        ]
        let buffer = FewRowsBuffer()
        try contents.forEachRecord { reader, offset in
            guard lines.count <= limit else { return }
            let record = try WALRecord(&reader, buffer)
            let rows = record.rows.reduce(0) { $0 + $1.count }
            lines.append(
                "  byte \(offset): commit \(record.commit), \(record.newSeries.count) new series, \(rows) rows of "
                    + "\(record.rows.count) series")
        }
        if let torn = contents.tornAt { lines.append("  byte \(torn): an unfinished record") }
        return lines
    }

    private static func dictionary(
        _ name: String, _ files: any FileSystem, _ directory: DataDirectory, _ limit: Int
    ) throws -> [String] {
        let payload = try SealedFile.read(files, directory, name, .dictionary).payload
        let (first, entries) = try SealedFile.parse(payload, name) { try DictionaryFile.read(&$0) }
        return ["dictionary of \(entries.count) series from id \(first)"]
            + entries.prefix(limit).enumerated().map { index, info in
                "  \(first + index): \(info.key.product) / \(info.key.device) / \(info.key.point), \(info.type.name)"
            }
    }

    private static func messages(
        _ id: FileID, _ files: any FileSystem, _ directory: DataDirectory, _ limit: Int
    ) throws -> [String] {
        let file = try MessageFile(id, files, directory)
        try file.check()
        let header = file.header
        var lines = [
            "messages file of \(header.entries) messages up to commit \(header.highestCommit), filter of "
                + "\(file.filterBytes) bytes"
        ]
        var piece = 0
        while piece < file.pieces, lines.count <= limit {
            for entry in try file.entries(piece).prefix(limit + 1 - lines.count) {
                lines.append("  \(entry.hash): commit \(entry.commit)")
            }
            piece += 1
        }
        return lines
    }

    private static func receipts(
        _ name: String, _ files: any FileSystem, _ directory: DataDirectory, _ limit: Int
    ) throws -> [String] {
        let payload = try SealedFile.read(files, directory, name, .receipts).payload
        let records = try SealedFile.parse(payload, name) { try BatchRecord.decodeFile(&$0) }
        return ["receipts of \(records.count) batches"]
            + records.prefix(limit).map { record in
                let kind =
                    record.isMessage ? "message" : "batch \(record.index)\(record.isLast ? ", the last" : "")"
                return "  commit \(record.commit): \(kind), content \(record.contentHash), accepted "
                    + "\(record.receipt.accepted), identical \(record.receipt.identical), corrected "
                    + "\(record.receipt.corrected), superseded \(record.receipt.superseded)"
            }
    }

    private static func segment(
        _ name: String, _ id: FileID, _ files: any FileSystem, _ directory: DataDirectory, _ limit: Int
    ) throws -> [String] {
        let reader = try SegmentReader(alone: name, id: id, files, directory)
        let summary = reader.reference.summary
        let index = try reader.top().index
        var lines = [
            "segment \(id), \(reader.reference.byteCount) bytes",
            "  \(summary.samples) samples in \(summary.blocks) blocks of \(summary.series) series, "
                + "\(index.pages.count) index pages",
            "  \(span(summary.firstTime, summary.lastTime)), commits \(summary.lowestCommit) to "
                + "\(summary.highestCommit)",
        ]
        for (codec, bytes) in index.codecs.bytes.sorted(by: { $0.value > $1.value }).prefix(limit) {
            lines.append("  codec \(codec): \(bytes) bytes")
        }
        var left = limit
        for number in index.pages.indices where left > 0 {
            let page = try reader.page(number)
            for place in 0..<min(left, page.count) {
                let entry = page[place]
                lines.append(
                    "  series \(entry.series), byte \(entry.block.offset): \(entry.count) samples from "
                        + "\(entry.row) in \(entry.block.count) bytes, "
                        + (entry.times.map { "times in \($0.count) bytes at \($0.offset), " } ?? "")
                        + (entry.vectors.map { "vectors in \($0.bytes.count) bytes, " } ?? "")
                        + span(entry.firstTime, entry.lastTime))
            }
            left -= min(left, page.count)
        }
        return lines
    }

    private static func span(_ first: Int64, _ last: Int64) -> String {
        "\(Timestamp(nanoseconds: first)) to \(Timestamp(nanoseconds: last))"
    }
}
