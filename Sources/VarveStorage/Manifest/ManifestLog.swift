// ManifestLog.swift — the numbered manifests on disk: loads the newest, commits the next.
//
// A commit is one create-if-absent of the next number, on a directory as on a bucket. A process that loses the race for
// a number has committed nothing.
//
// Invariants:
// - A manifest is created only after everything it names is durable.
// - The newest manifest is the store. If it is damaged, the store is damaged: an older one is never taken instead, as
//   that would silently undo commits.
// - The manifest before the newest is kept, and older ones are removed. So a reader that has just listed the folder
//   still finds its manifest, and the loss of the newest manifest is noticed.
// - A new store has two manifests from the beginning. A backup has one, and a mark.

import VarveFile
import VarveSegment

extension SealedFile.Kind {
    /// Manifests; the versions are those of `Manifest`.
    static let manifest = SealedFile.Kind(
        magic: "VARVEMAN", name: "manifest", version: Manifest.newestVersion)
}

enum ManifestLog {
    /// Reads the newest manifest with its checksum; nil in a folder without manifests.
    ///
    /// - Throws: `StorageError.damaged`, also if one of the two newest is missing; `StorageError.unknownVersion`;
    ///   `FileError`.
    static func load(
        _ folder: StoreFolder
    ) throws -> (manifest: Manifest, checksum: UInt64)? {
        guard let newest = try newest(folder) else { return nil }
        return try read(newest, folder)
    }

    /// The number of the newest manifest; nil in a folder without manifests.
    ///
    /// - Throws: `StorageError.damaged` if one of the two newest is missing; `FileError`.
    static func newest(_ folder: StoreFolder) throws -> UInt64? {
        let found = try numbers(folder)
        guard let newest = found.last, newest > 1, !found.contains(newest - 1) else { return found.last }
        guard try folder.files.kind(folder.backupMark) == nil else { return newest }
        throw StorageError.damaged(
            Damage(
                file: StoreFolder.manifest(newest + 1), offset: 0,
                reason: "it is missing, or number \(newest - 1) is; the two newest are always kept"))
    }

    /// The numbers of the manifests in the folder, ascending.
    ///
    /// - Throws: `FileError` if the folder cannot be listed.
    static func numbers(_ folder: StoreFolder) throws -> [UInt64] {
        guard case .folder? = try folder.files.kind(folder.manifests) else { return [] }
        return try folder.files.list(folder.manifests).compactMap(StoreFolder.manifestNumber).sorted()
    }

    /// Reads a manifest, with its checksum.
    ///
    /// - Throws: `StorageError.damaged` if it is damaged or has another number; `StorageError.unknownVersion`;
    ///   `FileError`.
    static func read(
        _ number: UInt64, _ folder: StoreFolder
    ) throws -> (manifest: Manifest, checksum: UInt64) {
        let name = StoreFolder.manifest(number)
        let (payload, checksum, version) = try SealedFile.read(folder, name, .manifest)
        let manifest = try SealedFile.parse(payload, name) { try Manifest(from: &$0, version: version) }
        guard manifest.number == number else {
            throw StorageError.damaged(
                Damage(
                    file: name, offset: SealedFile.headerBytes, reason: "it is manifest \(manifest.number)"))
        }
        return (manifest, checksum)
    }

    /// Creates the manifest, durably, and returns its checksum.
    ///
    /// - Throws: `StorageError.needsReopen` if another process created that number first; `StorageError.invalidBatch`
    ///   if it is larger than a reader accepts; `FileError`.
    static func commit(
        _ manifest: Manifest, _ folder: StoreFolder
    ) throws -> UInt64 {
        let payload = manifest.encode()
        guard payload.count <= FormatLimits.sealedFileBytes else {
            throw StorageError.invalidBatch("the manifest of the store has outgrown one file")
        }
        let bytes = SealedFile.encode(.manifest, version: manifest.version, payload: payload)
        let name = StoreFolder.manifest(manifest.number)
        guard try folder.createIfAbsent(name, bytes) else {
            throw StorageError.needsReopen("another process committed manifest \(manifest.number)")
        }
        return SealedFile.checksum(of: bytes)
    }

    /// Removes manifests older than the one before `newest`; errors are ignored, as an old manifest does no harm.
    static func removeOld(before newest: UInt64, _ folder: StoreFolder) {
        for number in (try? numbers(folder)) ?? [] where number + 1 < newest {
            try? folder.remove(StoreFolder.manifest(number))
        }
    }
}
