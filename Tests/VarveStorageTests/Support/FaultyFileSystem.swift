// FaultyFileSystem.swift — the real disk, on which one chosen change goes wrong.
//
// Changes are counted from 1: append, reserve, sync, truncate, create, create-if-absent, replace, rename, and the sync of a
// folder. With `staysDown` nothing works from then on, as if the process had been killed. The chosen one fails without
// effect, with half of it (appends), or after it was done, as a lost answer would.

import Glibc
import Synchronization
import VarveFile

final class FaultyFileSystem: ForwardingFileSystem {
    enum Effect: CaseIterable { case none, half, whole }

    let disk = POSIXFileSystem()
    private let failAt: Int
    private let effect: Effect
    private let code: Int32
    private let staysDown: Bool
    private let counter = Mutex(0)
    private let appended = Mutex<[Int]>([])

    init(failAt: Int, _ effect: Effect, code: Int32 = EIO, staysDown: Bool = false) {
        self.failAt = failAt
        self.effect = effect
        self.code = code
        self.staysDown = staysDown
    }

    /// The changes so far.
    var count: Int { counter.withLock { $0 } }

    /// Which of them were appends.
    var appends: [Int] { appended.withLock { $0 } }

    fileprivate func change<T>(
        _ action: String, _ path: String, half: () -> Void = {}, _ body: () throws(FileError) -> T
    ) throws(FileError) -> T {
        let number = counter.withLock { count in
            count += 1
            return count
        }
        if action == "write to" { appended.withLock { $0.append(number) } }
        if staysDown, number > failAt { throw FileError(action, path, code: code) }
        guard number == failAt else { return try body() }
        switch effect {
        case .none: break
        case .half: half()
        case .whole: _ = try body()
        }
        throw FileError(action, path, code: code)
    }

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        if mode == .read { return try disk.open(path, mode) }
        return try change("open", path) { () throws(FileError) in
            FaultyFile(try disk.open(path, mode), self)
        }
    }

    func createIfAbsent(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Bool {
        try change("create", path) { () throws(FileError) in try disk.createIfAbsent(path, bytes) }
    }

    func replace(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try change("replace", path) { () throws(FileError) in try disk.replace(path, bytes) }
    }

    func rename(_ path: String, to newPath: String) throws(FileError) {
        try change("rename", path) { () throws(FileError) in try disk.rename(path, to: newPath) }
    }

    func syncDirectory(_ path: String) throws(FileError) {
        try change("sync folder", path) { () throws(FileError) in try disk.syncDirectory(path) }
    }

    func remove(_ path: String) throws(FileError) {
        if staysDown, failAt > 0, count >= failAt { throw FileError("remove", path, code: code) }
        try disk.remove(path)
    }
}

private final class FaultyFile: ForwardingFile {
    let file: any File
    private let system: FaultyFileSystem

    init(_ file: any File, _ system: FaultyFileSystem) {
        self.file = file
        self.system = system
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try system.change(
            "write to", path, half: { try? file.append(.init(rebasing: bytes[..<(bytes.count / 2)])) }
        ) { () throws(FileError) in try file.append(bytes) }
    }

    func reserve(to size: Int) throws(FileError) {
        try system.change("reserve", path) { () throws(FileError) in try file.reserve(to: size) }
    }

    func sync() throws(FileError) {
        try system.change("sync", path) { () throws(FileError) in try file.sync() }
    }

    func truncate(to size: Int) throws(FileError) {
        try system.change("cut", path) { () throws(FileError) in try file.truncate(to: size) }
    }
}
