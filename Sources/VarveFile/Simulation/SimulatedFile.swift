// SimulatedFile.swift — an open file of a simulated disk.
//
// Invariants:
// - It stays with its file whatever becomes of the name.
// - A write that fails leaves a beginning of it behind, as a disk that fills up does.

import Glibc
import Synchronization

/// A file that was opened on a simulated disk.
final class SimulatedFile: File {
    let path: String
    private let number: Int
    private let system: SimulatedFileSystem
    private let position = Atomic(0)
    private let isClosed = Atomic(false)

    init(path: String, number: Int, _ system: SimulatedFileSystem) {
        self.path = path
        self.number = number
        self.system = system
    }

    func size() throws(FileError) -> Int {
        try checkOpen("look at")
        return try system.look("look at", path) { state in state.disk.files[number].live.count }
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
                state.disk.change(number) { $0.append(.init(rebasing: bytes[..<count])) }
            }
        ) { state throws(FileError) in
            var room = bytes.count
            if let capacity = state.faults.capacity { room = max(0, capacity - state.disk.byteCount) }
            let count = min(bytes.count, room)
            state.disk.change(number) { $0.append(.init(rebasing: bytes[..<count])) }
            guard count == bytes.count else { throw FileError("write to", path, code: ENOSPC) }
        }
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
        try system.change("cut", path) { state in state.disk.change(number) { $0.cut(to: size) } }
    }

    func close() { isClosed.store(true, ordering: .relaxed) }

    private func checkOpen(_ action: String) throws(FileError) {
        if isClosed.load(ordering: .relaxed) { throw FileError(action, path, code: EBADF) }
    }
}
