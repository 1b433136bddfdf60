// Inspection.swift — the lines that describe one file of a data directory, for `varve inspect`.
//
// Invariants:
// - It uses the checked readers of the store, so a damaged file is reported and never shown wrongly.

import VarveCodec
public import VarveFile
import VarveModel
import VarveSegment

/// Describes one file.
public enum Inspection {
    /// The lines that describe a file.
    ///
    /// - Parameters:
    ///   - path: The file, in its place below a data directory.
    ///   - limit: The most blocks, series or records to list.
    ///   - files: The disk.
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `FileError`; `NotOfStore` for a file that does
    ///   not belong to a store.
    public static func lines(
        of path: String, limit: Int, files: any FileSystem = POSIXFileSystem()
    ) throws -> [String] {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last else { throw NotOfStore(path: path) }
        _ = try files.open(path, .read)
        let parent = parts.count > 1 ? String(parts[parts.count - 2]) : ""
        let above = parts.dropLast(2).joined(separator: "/")
        let root = parts.count > 2 ? (above.isEmpty ? "/" : above) : parts.count == 2 ? "." : ".."
        let folder = StoreFolder(root, on: files)
        if let number = StoreFolder.manifestNumber(String(name)) {
            return try manifest(number, folder, limit)
        }
        if let (number, sealed) = StoreFolder.walNumber(String(name)) {
            return try wal(number, sealed, folder, limit)
        }
        let relative = parent.isEmpty ? "segments/\(name)" : "\(parent)/\(name)"
        let stem = name.prefix { $0 != "." }
        switch (FileID(hex: Substring(stem)), name.split(separator: ".").last) {
        case (let id?, "segment"):
            return try SegmentReader(alone: relative, id: id, folder).lines(limit: limit)
        case (_?, "dictionary"): return try dictionary(relative, folder, limit)
        case (_?, "receipts"): return try receipts(relative, folder, limit)
        case (let id?, "messages"): return try MessageFile(id, folder).lines(limit: limit)
        default: throw NotOfStore(path: path)
        }
    }

    /// The path does not name a file of a store.
    public struct NotOfStore: Error, CustomStringConvertible {
        /// The path.
        public let path: String
        /// One line that says what is wrong and which file to name.
        public var description: String {
            "\(path) is no file of a store; name one below segments/, manifests/ or wal/ of a data directory"
        }
    }

    private static func manifest(
        _ number: UInt64, _ folder: StoreFolder, _ limit: Int
    ) throws -> [String] {
        let manifest = try ManifestLog.read(number, folder).manifest
        var lines = [
            "manifest \(number), written \(Timestamp(nanoseconds: manifest.writtenAt))",
            "  newest commit \(manifest.commit), first WAL file \(manifest.firstWAL), samples \(manifest.samples)",
        ]
        for segment in manifest.segments.prefix(limit) {
            let summary = segment.summary
            lines.append(
                "  segment \(segment.id): \(segment.byteCount) bytes, \(summary.samples) samples in \(summary.blocks) "
                    + "blocks of \(summary.series) series, \(summary.span), commits "
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
        _ number: UInt64, _ sealed: Bool, _ folder: StoreFolder, _ limit: Int
    ) throws -> [String] {
        let contents = try WALReader.read(number: number, sealed: sealed, folder)
        var lines = [
            "WAL file \(number), records \(contents.firstRecord) to \(contents.nextRecord - 1), "
                + (sealed ? "sealed" : "open")
        ]
        let buffer = SmallRowBuffer()
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
        _ name: String, _ folder: StoreFolder, _ limit: Int
    ) throws -> [String] {
        let payload = try SealedFile.read(folder, name, .dictionary).payload
        let (first, entries) = try SealedFile.parse(payload, name) { try DictionaryFile.read(&$0) }
        return ["dictionary of \(entries.count) series from id \(first)"]
            + entries.prefix(limit).enumerated().map { index, info in
                "  \(first + index): \(info.key.product) / \(info.key.device) / \(info.key.point), \(info.type.name)"
            }
    }

    private static func receipts(
        _ name: String, _ folder: StoreFolder, _ limit: Int
    ) throws -> [String] {
        let payload = try SealedFile.read(folder, name, .receipts).payload
        let records = try SealedFile.parse(payload, name) { try ReceiptsFile.decode(&$0) }
        return ["receipts of \(records.count) batches"]
            + records.prefix(limit).map { record in
                let kind =
                    record.isMessage ? "message" : "batch \(record.index)\(record.isLast ? ", the last" : "")"
                return "  commit \(record.commit): \(kind), content \(record.contentHash), accepted "
                    + "\(record.receipt.accepted), identical \(record.receipt.identical), corrected "
                    + "\(record.receipt.corrected), superseded \(record.receipt.superseded)"
            }
    }
}
