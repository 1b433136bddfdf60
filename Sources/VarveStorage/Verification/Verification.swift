// Verification.swift — checks every byte that a checksum covers and every invariant that needs no decoding.
//
// It works on a directory, not on an open store, as a damaged store may not open. It checks every file in use by
// itself, then against the manifest.
//
// A writer beside it may exchange files meanwhile. If something seems damaged and the newest manifest or the WAL files
// changed since the check began, it begins again with the new state; segments that were whole are not read again.
//
// Invariants:
// - It changes nothing.
// - A file that a writer removed because others took its place is no damage.
// - It goes on after damage, so the list is complete.

import VarveCodec
public import VarveFile
import VarveModel
public import VarveSegment

/// The findings of `varve verify`.
public struct VerificationReport: Sendable {
    /// Damage, in the order of files and offsets.
    public var damage: [Damage] = []
    /// Facts that are not damage: torn tails, files that nothing refers to.
    public var notes: [String] = []
    /// The number of files checked.
    public var files = 0
    /// The number of bytes checked.
    public var bytes: UInt64 = 0
    /// The number of samples in the blocks checked, without those of replaced series.
    public var samples: UInt64 = 0
}

extension Store {
    /// Checks a data directory.
    ///
    /// Cost: reads every file once. With `deep` every block is also decoded and compared with its statistics.
    ///
    /// - Throws: `FileError` if the folders cannot be listed; `StorageError.needsReopen` if a writer exchanges files faster
    ///   than they can be checked, and nothing else is wrong. Damage is reported, not thrown.
    public static func verify(
        _ path: String, deep: Bool = false, files: any FileSystem = POSIXFileSystem()
    ) throws -> VerificationReport {
        let folder = StoreFolder(path, on: files)
        var attempts = ReadAttempts()
        var whole: [String: Verification.Whole] = [:]
        var report = VerificationReport()
        while attempts.useOne() {
            let before = try? StoreLoader.fingerprint(folder)
            let verification = Verification(folder, isDeep: deep, whole: whole)
            report = try verification.run()
            if report.damage.isEmpty || before == (try? StoreLoader.fingerprint(folder)) {
                return report
            }
            whole = verification.whole
        }
        if let newest = try ManifestLog.newest(folder).map({ try ManifestLog.read($0, folder).manifest }) {
            report.damage.removeAll { newest.isWithout($0.file) }
        }
        if report.damage.isEmpty {
            throw StorageError.needsReopen("the directory changes faster than it can be checked")
        }
        return report
    }
}

extension Manifest {
    /// Whether a file belonged to earlier states only, and others took its place.
    fileprivate func isWithout(_ file: String) -> Bool {
        guard let name = file.split(separator: "/").last.map(String.init) else { return false }
        if let wal = StoreFolder.walNumber(name) { return wal.number < firstWAL }
        if let other = StoreFolder.manifestNumber(name) { return other + 1 < number }
        return file.hasPrefix("segments/") && !fileNames.contains(file)
    }
}

final class Verification {
    private let folder: StoreFolder
    private let isDeep: Bool
    /// What a segment without damage has.
    struct Whole {
        var bytes: UInt64
        var samples: UInt64
    }

    /// The segments without damage, by file; their bytes never change.
    private(set) var whole: [String: Whole]
    private var report = VerificationReport()
    private let dictionary = SeriesDictionary()
    private var footers: [String: UInt64] = [:]

    init(_ folder: StoreFolder, isDeep: Bool, whole: [String: Whole] = [:]) {
        self.whole = whole
        self.folder = folder
        self.isDeep = isDeep
    }

    /// Checks all files.
    ///
    /// - Throws: `StorageError.noStore` in a folder without manifests; `StorageError.unfinishedBackup`; `FileError` if a folder cannot be listed. All
    ///   else is in the report.
    func run() throws -> VerificationReport {
        let isBackup = try folder.files.kind(folder.backupMark) != nil
        guard case .folder? = try folder.files.kind(folder.manifests) else {
            if isBackup { throw StorageError.unfinishedBackup(path: folder.path) }
            throw StorageError.noStore(path: folder.path)
        }
        if try isBackup && ManifestLog.numbers(folder).isEmpty {
            throw StorageError.unfinishedBackup(path: folder.path)
        }
        let manifest = try manifests()
        let live = manifest?.fileNames ?? []
        if let manifest { dictionaries(manifest) }
        // A crash during the creation of the directory may have left it without some of its folders.
        let names = try folder.files.kind(folder.segments) == nil ? [] : folder.files.list(folder.segments)
        if !names.isEmpty, try ManifestLog.numbers(folder).isEmpty {
            report.damage.append(
                Damage(file: StoreFolder.manifest(1), offset: 0, reason: "no manifest is there"))
        }
        for name in names {
            let file = "segments/\(name)"
            if manifest != nil, !live.contains(file) {
                // A crash may have left it half written, which is not damage.
                report.notes.append("\(file): nothing refers to it; the next import removes it")
                continue
            }
            checkFile(file, isLive: live.contains(file))
        }
        for missing in live.subtracting(names.map { "segments/\($0)" }).sorted() {
            report.damage.append(Damage(file: missing, offset: 0, reason: "the file is missing"))
        }
        if let manifest {
            let mark = AcknowledgedMark.read(folder)
            let acknowledged = mark ?? 0
            // A power failure may leave the mark so, and so may a damaged byte.
            if try mark == nil && folder.files.kind(folder.acknowledged) != nil {
                report.notes.append(
                    "acknowledged: its bytes are no commit, so a loss of the newest commits would not be noticed; "
                        + "the next commit writes it again")
            }
            let newest = try wal(manifest)
            // A writer may have just flushed these commits to segments that this manifest does not name.
            let isCurrent = (try? ManifestLog.newest(folder)) == manifest.number
            let isRead = !report.damage.contains { $0.file.hasPrefix("wal/") }
            if newest < acknowledged, isRead, isCurrent || manifest.number == 0 {
                report.damage.append(
                    Damage(file: "wal", offset: 0, reason: StorageError.missing(newest + 1...acknowledged)))
            }
        }
        if report.damage.isEmpty { reporting(".", counts: false) { try checkOpening() } }
        return report
    }

    /// Checks the files of a manifest that is not committed yet, and its dictionary.
    func checkUncommitted(_ names: [String], of manifest: Manifest) -> [Damage] {
        dictionaries(manifest)
        for name in names { checkFile(name, isLive: true) }
        return report.damage
    }

    /// Opens the store, which checks that all files fit together.
    private func checkOpening() throws {
        var options = StoreOptions.reading
        options.mayBeMissing = true
        let opened = try ReadOnlyOpening(folder, SegmentLibrary(folder), options).run()
        if isDeep { try opened.view.checkInvariants() }
    }

    /// Checks all manifests and returns the newest if it is whole, or an empty one if the directory has no manifest
    /// yet.
    private func manifests() throws -> Manifest? {
        var newest: (manifest: Manifest, checksum: UInt64)?
        var isWhole = true
        let numbers = try ManifestLog.numbers(folder)
        if numbers.isEmpty { return Manifest() }
        reporting(StoreFolder.manifest(numbers[numbers.count - 1]), counts: false) {
            _ = try ManifestLog.newest(folder)
        }
        for number in numbers {
            let name = StoreFolder.manifest(number)
            let before = newest
            isWhole = false
            reporting(name) {
                newest = try ManifestLog.read(number, folder)
                isWhole = true
                guard let newest, let before else { return }
                guard before.manifest.number + 1 == number else { return }
                guard newest.manifest.previousChecksum == before.checksum else {
                    throw StorageError.damaged(
                        Damage(file: name, offset: 32, reason: "it does not continue the manifest before it"))
                }
            }
        }
        guard isWhole, let manifest = newest?.manifest else { return nil }
        if isDeep {
            reporting(StoreFolder.manifest(manifest.number), counts: false) { try manifest.checkInvariants() }
        }
        return manifest
    }

    private func dictionaries(_ manifest: Manifest) {
        let dictionary = dictionary
        for part in manifest.dictionary {
            let name = StoreFolder.immutable(part.id, .dictionary)
            guard case .file? = try? folder.kind(name) else { continue }
            reporting(name, counts: false) {
                try SealedFile.read(part, .dictionary, .dictionary, in: folder) { try dictionary.load(&$0) }
            }
        }
        if report.damage.isEmpty {
            reporting(StoreFolder.manifest(manifest.number), counts: false) {
                try manifest.noteReplacements(in: dictionary)
            }
        }
        for part in manifest.receipts {
            let name = StoreFolder.immutable(part.id, .receipts)
            guard case .file? = try? folder.kind(name) else { continue }
            reporting(name, counts: false) { _ = try ReceiptsFile.read(part, in: folder) }
        }
        for part in manifest.messages {
            let name = StoreFolder.immutable(part.id, .messages)
            guard case .file? = try? folder.kind(name) else { continue }
            reporting(name, counts: false) { _ = try MessageFile(folder, part) }
        }
        for segment in manifest.segments {
            footers[StoreFolder.immutable(segment.id, .segment)] = segment.checksum
        }
    }

    private func checkFile(_ file: String, isLive: Bool) {
        let dictionary = dictionary
        let isDeep = isDeep && isLive
        let expected = footers[file]
        if let known = whole[file] {
            report.files += 1
            report.bytes += known.bytes
            report.samples += known.samples
        } else if file.hasSuffix(".segment") {
            let bytes = report.bytes
            reporting(file) {
                let hex = file.dropFirst("segments/".count).dropLast(".segment".count)
                guard let id = FileID(hex: hex) else {
                    throw StorageError.damaged(
                        Damage(file: file, offset: 0, reason: "the name is no segment's"))
                }
                var check = try SegmentCheck(
                    file, id: id, folder, type: dictionary.type, isReplaced: dictionary.isReplaced)
                let found = check.run(deep: isDeep, isLive: isLive)
                report.damage += found
                report.samples += check.samples
                if let expected, check.checksum != expected {
                    throw StorageError.damaged(
                        Damage(
                            file: file, offset: check.footerOffset,
                            reason: "not the segment the manifest names"))
                }
                if isLive, found.isEmpty {
                    whole[file] = Whole(bytes: report.bytes - bytes, samples: check.samples)
                }
            }
        } else if file.hasSuffix(".dictionary") {
            reporting(file) { _ = try SealedFile.read(folder, file, .dictionary) }
        } else if file.hasSuffix(".receipts") {
            reporting(file) { _ = try SealedFile.read(folder, file, .receipts) }
        } else if file.hasSuffix(".messages") {
            reporting(file) {
                guard let id = FileID(hex: file.dropFirst("segments/".count).dropLast(".messages".count))
                else {
                    throw StorageError.damaged(
                        Damage(file: file, offset: 0, reason: "the name is no messages file's"))
                }
                try MessageFile(id, folder).check()
            }
        }
    }

    /// Checks the WAL files and returns the newest commit in them, or that of the manifest if it is newer.
    private func wal(_ manifest: Manifest) throws -> UInt64 {
        var newest = manifest.commit
        guard case .folder? = try folder.files.kind(folder.wal) else { return newest }
        var expected = manifest.firstWAL
        // Large batches are written as segments, so the manifest may have later commits than the WAL.
        var ordered: UInt64 = 0
        for name in try folder.files.list(folder.wal) {
            guard let (number, sealed) = StoreFolder.walNumber(name), number >= manifest.firstWAL else {
                continue
            }
            let file = "wal/\(name)"
            if number != expected {
                report.damage.append(
                    Damage(
                        file: StoreFolder.wal(expected, sealed: true), offset: 0,
                        reason: "the file is missing"))
            }
            expected = number + 1
            reporting(file) {
                let contents = try WALReader.read(number: number, sealed: sealed, folder)
                if isDeep { ordered = try contents.checkInvariants(after: ordered) }
                let buffer = SmallRowBuffer()
                try contents.forEachRecord { record, _ in
                    newest = max(newest, record.commit)
                    for rows in try WALRecord(&record, buffer).rows { report.samples += UInt64(rows.count) }
                }
                if let torn = contents.tornAt {
                    report.notes.append(
                        "\(file): an unfinished record at byte \(torn), left by a crash; it was never acknowledged "
                            + "and the next import cuts it")
                }
            }
        }
        return newest
    }

    /// Runs a check of one file and reports its error as damage.
    private func reporting(
        _ file: String, counts: Bool = true, _ body: () throws -> Void
    ) {
        if counts {
            report.files += 1
            if case .file(let size)? = try? folder.kind(file) {
                report.bytes += UInt64(size)
            }
        }
        do {
            try body()
        } catch StorageError.damaged(let damage) {
            if !report.damage.contains(damage) { report.damage.append(damage) }
        } catch {
            report.damage.append(Damage(file: file, offset: 0, reason: "\(error)"))
        }
    }
}
