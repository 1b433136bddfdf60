// SimulatedFile.swift — an open file of a simulated disk.
//
// Invariants:
// - It stays with its file, even if the file's name is removed or given to another file.
// - A write that fails leaves its beginning behind, as on a disk that becomes full.

import Glibc
import Synchronization
import VarveFile

/// A file that was opened on a simulated disk.
final class SimulatedFile: File {
    let path: String
    private let number: Int
    private let system: SimulatedFileSystem
    private let position = Atomic(0)
    /// Where the next append begins in a file opened with `createNew`; in other files it is the end.
    private let appended = Atomic(0)
    private let isNew: Bool
    private let isClosed = Atomic(false)

    init(path: String, number: Int, isNew: Bool, _ system: SimulatedFileSystem) {
        self.path = path
        self.number = number
        self.isNew = isNew
        self.system = system
    }

    func size() throws(FileError) -> Int {
        try checkOpen("look at")
        return try system.query("look at", path) { state in state.disk.files[number].live.count }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        try checkOpen("read")
        return try system.read(path) { state in
            let bytes = state.disk.files[number].live
            guard offset < bytes.count else { return 0 }
            let count = min(buffer.count, bytes.count - offset)
            bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[offset..<offset + count])) }
            return count
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        let start = position.load(ordering: .relaxed)
        let count = try read(into: buffer, at: start)
        position.store(start + count, ordering: .relaxed)
        return count
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try checkOpen("write to")
        try system.change(
            "write to", path,
            failed: { state, _ in
                let count = Int.random(in: 0...bytes.count, using: &state.random)
                append(bytes[..<count], to: &state.disk)
            }
        ) { state throws(FileError) in
            let reserved = isNew ? state.disk.files[number].live.count - appended.load(ordering: .relaxed) : 0
            let count = min(bytes.count, reserved + state.room)
            append(bytes[..<count], to: &state.disk)
            guard count == bytes.count else { throw FileError("write to", path, code: ENOSPC) }
        }
    }

    private func append(_ bytes: Slice<UnsafeRawBufferPointer>, to disk: inout SimulatedDisk) {
        disk.change(number) { content in
            let start = isNew ? appended.load(ordering: .relaxed) : content.live.count
            content.write(bytes, at: start)
            appended.store(start + bytes.count, ordering: .relaxed)
        }
    }

    func reserve(to size: Int) throws(FileError) {
        try checkOpen("reserve")
        try system.change("reserve", path) { state throws(FileError) in
            let end = state.disk.files[number].live.count
            guard size > end else { return }
            let count = min(size - end, state.room)
            state.disk.change(number) { $0.write(repeatElement(0, count: count), at: end) }
            guard count == size - end else { throw FileError("reserve", path, code: ENOSPC) }
        }
    }

    func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        try checkOpen("write to")
        try system.change(
            "write to", path,
            failed: { state, _ in
                let count = Int.random(in: 0...bytes.count, using: &state.random)
                state.disk.change(number) { $0.write(bytes[..<count], at: offset) }
            }
        ) { state throws(FileError) in
            let inside = max(0, state.disk.files[number].live.count - offset)
            let count = min(bytes.count, inside + state.room)
            state.disk.change(number) { $0.write(bytes[..<count], at: offset) }
            guard count == bytes.count else { throw FileError("write to", path, code: ENOSPC) }
        }
    }

    func identity() throws(FileError) -> FileIdentity {
        try checkOpen("look at")
        return FileIdentity(device: 1, node: UInt64(number))
    }

    func sync() throws(FileError) {
        try checkOpen("sync")
        try system.change(
            "sync", path,
            failed: { state, isStop in
                guard !isStop else { return }
                let forgets = Bool.random(using: &state.random)
                state.disk.change(number) { $0.failSync(forgets: forgets) }
            }
        ) { state in state.disk.change(number) { $0.sync() } }
    }

    func truncate(to size: Int) throws(FileError) {
        try checkOpen("cut")
        try system.change("cut", path) { state in
            state.disk.change(number) { $0.cut(to: size) }
            appended.store(size, ordering: .relaxed)
        }
    }

    func close() { isClosed.store(true, ordering: .relaxed) }

    private func checkOpen(_ action: String) throws(FileError) {
        if isClosed.load(ordering: .relaxed) { throw FileError(action, path, code: EBADF) }
    }
}
