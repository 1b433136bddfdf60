// PlantedFault.swift — a disk that leaves out a step, as an engine with a fault would.
//
// The store calls the disk through this wrapper. It passes every call on to the simulated disk, except the calls that
// the fault leaves out or makes at the wrong time. The shipped sources contain nothing of it.

import Glibc
import Synchronization
import VarveCodec
import VarveFile
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

enum PlantedFault: String, CaseIterable, Sendable {
    case walSync = "acknowledges before the WAL is synced"
    case segmentSync = "commits a segment that is not synced"
    case smallFileSync = "links manifests and dictionaries that are not synced"
    case walFolder = "does not sync the folder of a new WAL file"
    case segmentFolder = "does not sync the folder of a new segment"
    case manifestFolder = "does not sync the folder of a new manifest"
    case dataFolder = "does not sync the folder of the folders"
    case inPlace = "writes manifests and dictionaries in place"
    case walGone = "removes WAL files before the manifest is there"
    case segmentsGone = "removes merged segments before the manifest is there"
    case recoveryOfManifest = "after a kill trusts a manifest's name that is not synced"
    case recoveryOfWAL = "after a failed sync trusts what can be read of the WAL"
    case recoveryOfFolders = "after a kill trusts the folders' names that are not synced"
    case hiddenError = "takes a failed sync for a good one"
    case hiddenWrite = "takes a write that ran out of space for a good one"
    case checksum = "skips the checksum of WAL records"
    case tombstone = "drops a tombstone before it is erased"

    /// The seeds within which the histories must find it.
    ///
    /// A record that is torn over two sectors, and a disk that is full in the middle of one, are rare.
    var budget: Int {
        switch self {
        case .checksum: 1000
        case .hiddenWrite: 300
        default: 100
        }
    }

    /// For a fault that shows only at one moment: the operation whose stops must find it.
    var operation: CrashOperation? {
        switch self {
        case .walGone: .flush
        case .segmentsGone: .compaction
        case .recoveryOfManifest: .flush
        case .recoveryOfWAL: .recoveryAfterSync
        case .recoveryOfFolders: .firstOpening
        default: nil
        }
    }

    func skipsSync(_ path: String) -> Bool {
        switch self {
        case .walSync: path.hasSuffix(".wal")
        case .segmentSync: path.hasSuffix(".segment")
        case .smallFileSync: path.hasSuffix(".partial") && !path.contains("/wal/")
        default: false
        }
    }

    func skipsFolder(_ path: String) -> Bool {
        switch self {
        case .walFolder: path.hasSuffix("/wal")
        case .segmentFolder: path.hasSuffix("/segments")
        case .manifestFolder: path.hasSuffix("/manifests")
        case .dataFolder: path == "/" || path == CrashMachine.path
        default: false
        }
    }
}

final class PlantedFileSystem: FileSteps, ForwardingFileSystem {
    let disk: SimulatedFileSystem
    fileprivate let fault: PlantedFault
    private let isMakingFolder = Atomic(false)
    private let rewritten = RewrittenManifests()

    init(_ disk: SimulatedFileSystem, _ fault: PlantedFault) {
        self.disk = disk
        self.fault = fault
    }

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        PlantedFile(try disk.open(path, mode), self)
    }

    func createIfAbsent(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Bool {
        guard fault == .inPlace else { return try createInSteps(path, bytes) }
        if try kind(path) != nil { return false }
        let file = try open(path, .createNew)
        defer { file.close() }
        try file.append(bytes)
        try file.sync()
        try syncDirectory(parentFolder(of: path))
        return true
    }

    func replace(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        guard fault == .recoveryOfWAL, path.hasSuffix(".wal") else { return try replaceInSteps(path, bytes) }
        let old = try disk.readAll(path)
        let same = zip(old, bytes).prefix { $0 == $1 }.count
        let file = try disk.open(path, .append)
        defer { file.close() }
        try file.truncate(to: same)
        try file.append(.init(rebasing: bytes[same...]))
        try file.sync()
    }

    func link(_ path: String, to newPath: String) throws(FileError) {
        if newPath.hasSuffix(".manifest") { collect(before: path) }
        if newPath.hasSuffix(".manifest"), fault == .tombstone { try rewritten.forgetTombstones(path, disk) }
        try disk.link(path, to: newPath)
    }

    /// Removes files that the next manifest will no longer need, before that manifest exists.
    private func collect(before partial: String) {
        let directory = StoreFolder(CrashMachine.path, on: disk)
        let name = String(partial.dropFirst(directory.path.count + 1))
        guard fault == .walGone || fault == .segmentsGone,
            let (payload, _, version) = try? SealedFile.read(directory, name, .manifest),
            let manifest = try? SealedFile.parse(payload, name, { try Manifest(from: &$0, version: version) })
        else { return }
        let folder = fault == .walGone ? directory.wal : directory.segments
        let live = manifest.fileNames
        for name in (try? disk.list(folder)) ?? [] {
            let isGone =
                fault == .walGone
                ? StoreFolder.walNumber(name).map { $0.number < manifest.firstWAL } ?? false
                : name.hasSuffix(".segment") && !live.contains("segments/\(name)")
            if isGone { try? disk.remove("\(folder)/\(name)") }
        }
    }

    func syncDirectory(_ path: String) throws(FileError) {
        if fault.skipsFolder(path) { return }
        let actions = disk.actions
        if fault == .recoveryOfManifest, path.hasSuffix("/manifests"),
            !actions.contains(where: { $0.hasPrefix("link ") && $0.hasSuffix(".manifest") })
        {
            return
        }
        if fault == .recoveryOfFolders, !isMakingFolder.load(ordering: .relaxed),
            path == "/" || path == CrashMachine.path
        {
            return
        }
        try disk.syncDirectory(path)
    }

    func createDirectory(_ path: String) throws(FileError) {
        isMakingFolder.store(true, ordering: .relaxed)
        defer { isMakingFolder.store(false, ordering: .relaxed) }
        try createDirectoryInSteps(path)
    }

    func makeDirectory(_ path: String) throws(FileError) { try disk.makeDirectory(path) }
    func partialPath(for path: String) -> String { disk.partialPath(for: path) }
    func openPrivate(_ path: String) throws(FileError) -> any File { try open(path, .replace) }
}

/// Manifests that are written without what they say of deletions, with their chain of checksums as it should be.
private final class RewrittenManifests: Sendable {
    /// The checksum that the store believes a manifest to have, and the one it has.
    private let checksums = Mutex<[UInt64: UInt64]>([:])

    /// Says in a manifest that is about to get its name that all deletions are erased.
    func forgetTombstones(_ path: String, _ disk: SimulatedFileSystem) throws(FileError) {
        let before = try disk.readAll(path)
        guard
            let payload = try? SealedFile.read(
                StoreFolder("/", on: disk), String(path.dropFirst()), .manifest),
            var manifest = try? SealedFile.parse(
                payload.payload, path, { try Manifest(from: &$0, version: payload.version) })
        else { return }
        for index in manifest.tombstones.indices { manifest.tombstones[index].isErased = true }
        let bytes = checksums.withLock { checksums in
            manifest.previousChecksum = checksums[manifest.previousChecksum] ?? manifest.previousChecksum
            let bytes = SealedFile.encode(.manifest, version: manifest.version, payload: manifest.encode())
            checksums[SealedFile.checksum(of: before)] = SealedFile.checksum(of: bytes)
            return bytes
        }
        let file = try disk.open(path, .append)
        defer { file.close() }
        try file.truncate(to: 0)
        try file.append(bytes)
        try file.sync()
    }
}

/// What a reader makes of a WAL file that does not look at the checksums of its records.
private enum UncheckedWAL {
    /// The bytes with checksums that hold, as far as records follow each other.
    static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var offset = WALFormat.headerBytes
        let framing = WALFormat.recordHeaderBytes + WALFormat.recordTrailerBytes
        while offset + framing <= bytes.count {
            let length = bytes.withUnsafeBytes {
                Int($0.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian)
            }
            let end = offset + framing + length
            guard WALRecordType(rawValue: bytes[offset + 4]) != nil, end <= bytes.count else { break }
            bytes.withUnsafeMutableBytes { raw in
                let covered = end - WALFormat.recordTrailerBytes
                let checksum = Checksum.of(UnsafeRawBufferPointer(rebasing: raw[offset..<covered]))
                raw.storeBytes(of: checksum.littleEndian, toByteOffset: covered, as: UInt64.self)
            }
            offset = end
        }
        return bytes
    }
}

private final class PlantedFile: ForwardingFile {
    let file: any File
    private let system: PlantedFileSystem

    init(_ file: any File, _ system: PlantedFileSystem) {
        self.file = file
        self.system = system
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        let count = try file.read(into: buffer, at: offset)
        guard system.fault == .checksum, path.hasSuffix(".wal"), offset == 0 else { return count }
        buffer.copyBytes(from: UncheckedWAL.repaired(Array(buffer[..<count])))
        return count
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        do throws(FileError) {
            try file.append(bytes)
        } catch {
            guard system.fault == .hiddenWrite, error.isDiskFull else { throw error }
        }
    }

    func sync() throws(FileError) {
        if system.fault.skipsSync(path) { return }
        do throws(FileError) {
            try file.sync()
        } catch {
            guard system.fault == .hiddenError, error.code == EIO else { throw error }
        }
    }
}
