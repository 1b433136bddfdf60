// BackupState.swift — the state of a store that a backup copies: the manifest, and the WAL after it.
//
// Invariants:
// - The WAL files are whole and sealed. The last one ends with its last whole record, or the last requested commit, and
//   a seal, as after recovery.

import VarveCodec
import VarveFile
import VarveSegment

/// The state that a backup copies.
struct BackupState {
    let manifest: Manifest
    let manifestBytes: [UInt8]
    private(set) var walFiles: [(number: UInt64, bytes: [UInt8])] = []
    /// The newest commit.
    private(set) var commit: UInt64

    /// Reads manifest and WAL.
    ///
    /// The result is of one moment if the names in the directory are the same before and after.
    ///
    /// - Throws: `StorageError.noStore` without a manifest; `StorageError.damaged`; `StorageError.unknownVersion`;
    ///   `FileError`, also if a file goes while it is read.
    init(_ source: StoreFolder, upTo lastCommit: UInt64) throws {
        guard let newest = try ManifestLog.newest(source) else {
            throw StorageError.noStore(path: source.path)
        }
        manifest = try ManifestLog.read(newest, source).manifest
        manifestBytes = try source.readAll(StoreFolder.manifest(newest))
        commit = manifest.commit
        let names = try source.files.list(source.wal).compactMap(StoreFolder.walNumber)
        for file in names.sorted(by: { $0.number < $1.number }) where file.number >= manifest.firstWAL {
            let contents = try WALReader.read(number: file.number, sealed: file.sealed, source)
            // A file without a header never had a record.
            guard contents.tornAt != 0 else { continue }
            let last = file.sealed ? .max : lastCommit
            walFiles.append((file.number, try sealed(contents, upTo: last)))
        }
    }

    /// The bytes of a WAL file up to a commit, with a seal behind it.
    private mutating func sealed(_ contents: WALContents, upTo last: UInt64) throws -> [UInt8] {
        var end = contents.end
        var later: Int?
        try contents.forEachRecord { record, offset in
            if record.commit <= last {
                commit = max(commit, record.commit)
            } else if later == nil {
                later = offset
            }
        }
        let bytes = contents.bytes
        var number = contents.nextRecord
        if let later {
            end = later
            number = bytes.withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: end + WALFormat.recordNumberOffset, as: UInt64.self)
                    .littleEndian
            }
        } else if contents.hasSeal {
            return Array(bytes[..<end])
        }
        var writer = ByteWriter(capacity: end + 64)
        bytes.withUnsafeBytes { writer.append(bytes: .init(rebasing: $0[..<end])) }
        WALWriter.encode(.seal, [], number: number, place: 0, to: &writer)
        return writer.bytes
    }
}
