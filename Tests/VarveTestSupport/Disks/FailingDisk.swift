// FailingDisk.swift — the real disk, on which chosen changes fail.
//
// Changes are counted from 1: opening to write, append, reserve, sync, truncate, create-if-absent, replace, rename, and
// the sync of a folder. Reading always works.
//
// Invariants:
// - A change that fails has exactly the chosen effect: none, half of it (appends), or all of it, as if only the answer
//   were lost.

import Glibc
import Synchronization
package import VarveFile

/// A disk that fails as a test wants it to.
package final class FailingDisk: ForwardingFileSystem {
    /// The effect that a change has although it fails.
    package enum Effect: CaseIterable, Sendable { case none, half, whole }

    /// A change that is tried.
    fileprivate struct Change {
        enum Action: String {
            case open, create, replace, rename
            case append = "write to"
            case reserve, sync, cut
            case syncFolder = "sync folder"
        }

        var action: Action
        var path: String
        var number: Int
    }

    /// Which changes fail.
    private enum Rule: Sendable {
        /// No change, unless the disk is full.
        case never
        /// One change; with `staysDown` all later changes too, as if the process had been killed.
        case at(Int, Effect, code: Int32, staysDown: Bool)
        /// Opening for writing, creating and replacing the files that a test chooses, with ENOSPC.
        case noRoom(@Sendable (_ path: String) -> Bool)
    }

    private struct Counts {
        var changes = 0
        var appends: [Int] = []
    }

    /// The real disk.
    package let disk = POSIXFileSystem()
    private let rule: Rule
    private let full = Atomic<Bool>(false)
    private let counts = Mutex(Counts())

    /// A disk that works until `isFull` is set.
    package init() { rule = .never }

    /// A disk on which one change fails.
    ///
    /// - Parameters:
    ///   - failAt: The number of the change; 0 for none.
    ///   - effect: The effect that it has although it fails.
    ///   - code: The `errno` of the failure.
    ///   - staysDown: Whether all later changes fail, too.
    package init(failAt: Int, _ effect: Effect, code: Int32 = EIO, staysDown: Bool = false) {
        rule = .at(failAt, effect, code: code, staysDown: staysDown)
    }

    /// A disk that has no room for some files.
    package init(noRoomFor isFull: @escaping @Sendable (_ path: String) -> Bool) { rule = .noRoom(isFull) }

    /// The number of changes so far.
    package var count: Int { counts.withLock(\.changes) }

    /// The numbers of the changes that were appends.
    package var appends: [Int] { counts.withLock(\.appends) }

    /// Whether all changes fail with ENOSPC, except reserving room and syncing folders.
    package var isFull: Bool {
        get { full.load(ordering: .acquiring) }
        set { full.store(newValue, ordering: .releasing) }
    }

    /// How a change fails, if it does.
    private func fault(_ change: Change) -> (effect: Effect, code: Int32)? {
        if isFull, change.action != .reserve, change.action != .syncFolder { return (.none, ENOSPC) }
        switch rule {
        case .never: return nil
        case .at(let failAt, let effect, let code, let staysDown):
            if change.number == failAt { return (effect, code) }
            return staysDown && change.number > failAt ? (.none, code) : nil
        case .noRoom(let isFull):
            let needsRoom = [.open, .create, .replace].contains(change.action)
            return needsRoom && isFull(change.path) ? (.none, ENOSPC) : nil
        }
    }

    fileprivate func change<T>(
        _ action: Change.Action, _ path: String, half: () -> Void = {}, _ body: () throws(FileError) -> T
    ) throws(FileError) -> T {
        let number = counts.withLock { counts in
            counts.changes += 1
            if action == .append { counts.appends.append(counts.changes) }
            return counts.changes
        }
        guard let fault = fault(Change(action: action, path: path, number: number)) else { return try body() }
        switch fault.effect {
        case .none: break
        case .half: half()
        case .whole: _ = try body()
        }
        throw FileError(action.rawValue, path, code: fault.code)
    }

    package func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        if mode == .read { return try disk.open(path, mode) }
        return try change(.open, path) { () throws(FileError) in
            FailingFile(try disk.open(path, mode), self)
        }
    }

    package func createIfAbsent(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Bool {
        try change(.create, path) { () throws(FileError) in try disk.createIfAbsent(path, bytes) }
    }

    package func replace(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try change(.replace, path) { () throws(FileError) in try disk.replace(path, bytes) }
    }

    package func rename(_ path: String, to newPath: String) throws(FileError) {
        try change(.rename, path) { () throws(FileError) in try disk.rename(path, to: newPath) }
    }

    package func syncDirectory(_ path: String) throws(FileError) {
        try change(.syncFolder, path) { () throws(FileError) in try disk.syncDirectory(path) }
    }

    package func remove(_ path: String) throws(FileError) {
        if case .at(let failAt, _, let code, staysDown: true) = rule, failAt > 0, count >= failAt {
            throw FileError("remove", path, code: code)
        }
        try disk.remove(path)
    }
}

private final class FailingFile: ForwardingFile {
    let file: any File
    private let owner: FailingDisk

    init(_ file: any File, _ owner: FailingDisk) {
        self.file = file
        self.owner = owner
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try owner.change(
            .append, path, half: { try? file.append(.init(rebasing: bytes[..<(bytes.count / 2)])) }
        ) { () throws(FileError) in try file.append(bytes) }
    }

    func reserve(to size: Int) throws(FileError) {
        try owner.change(.reserve, path) { () throws(FileError) in try file.reserve(to: size) }
    }

    func sync() throws(FileError) {
        try owner.change(.sync, path) { () throws(FileError) in try file.sync() }
    }

    func truncate(to size: Int) throws(FileError) {
        try owner.change(.cut, path) { () throws(FileError) in try file.truncate(to: size) }
    }
}
