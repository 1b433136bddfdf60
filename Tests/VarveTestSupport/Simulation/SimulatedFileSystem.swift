// SimulatedFileSystem.swift — a machine with a disk in memory that keeps for certain only what was synced.
//
// SimulatedDisk and its parts hold the files, the names and the rules of what survives. This file has the calls, their
// count and their faults. All randomness comes from one seed.
//
// Invariants:
// - Changes are numbered from 1 in the order in which they are made. Opening to read, reading and listing do not count.
// - After the machine has stopped, every call fails with `stopped`, and nothing changes any more.
// - A lock belongs to this machine's process: a machine that is restarted from the disk has no locks.

import Glibc
import Synchronization
import VarveFile

/// A file system in memory that can lose everything that was not synced.
package final class SimulatedFileSystem: Sendable {
    struct State {
        var disk: SimulatedDisk
        var faults: SimulatedFaults
        var random: SeededGenerator
        var changes = 0
        var actions: [String] = []
        var isStopped = false
        var partials = 0
        var locks: Set<String> = []
    }

    /// The error code of every call after the machine has stopped; no system uses it.
    package static let stopped: Int32 = -1

    private let state: Mutex<State>

    /// Starts a machine.
    ///
    /// - Parameters:
    ///   - disk: The content of its disk.
    ///   - seed: The seed of all its randomness.
    ///   - faults: Its faults.
    package init(_ disk: SimulatedDisk = SimulatedDisk(), seed: UInt64, faults: SimulatedFaults = .init()) {
        state = Mutex(State(disk: disk, faults: faults, random: SeededGenerator(seed: seed)))
    }

    /// The present content of the disk and the page cache.
    package var disk: SimulatedDisk { state.withLock { $0.disk } }

    /// The number of changes so far.
    package var changes: Int { state.withLock { $0.changes } }

    /// The changes so far, each in words such as "sync /data/wal/1.wal".
    package var actions: [String] { state.withLock { $0.actions } }

    /// Whether the machine has stopped.
    package var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Replaces the faults; the numbering of changes goes on.
    package func setFaults(_ faults: SimulatedFaults) { state.withLock { $0.faults = faults } }

    /// Stops the machine.
    package func stop() { state.withLock { $0.isStopped = true } }

    // MARK: - Calls

    /// Runs a call that changes nothing.
    func query<T: Sendable>(
        _ action: String, _ path: String, _ body: (inout State) throws(FileError) -> T
    ) throws(FileError) -> T {
        try locked { state throws(FileError) in
            if state.isStopped { throw FileError(action, path, code: Self.stopped) }
            return try body(&state)
        }
    }

    /// Runs a call that reads from the disk.
    func read<T: Sendable>(
        _ path: String, _ body: (inout State) throws(FileError) -> T
    ) throws(FileError) -> T {
        try query("read", path) { state throws(FileError) in
            if state.faults.readFailuresPerMille > 0, state.chance(state.faults.readFailuresPerMille) {
                throw FileError("read", path, code: EIO)
            }
            return try body(&state)
        }
    }

    /// Runs a call that changes something.
    ///
    /// - Parameters:
    ///   - action: The call, as a verb for errors and `actions`.
    ///   - path: The path that it is for.
    ///   - failed: What the call does although it fails; its second argument says whether the machine stops.
    ///   - body: What the call does.
    func change<T: Sendable>(
        _ action: String, _ path: String, failed: (inout State, Bool) -> Void = { _, _ in },
        _ body: (inout State) throws(FileError) -> T
    ) throws(FileError) -> T {
        try locked { state throws(FileError) in
            if state.isStopped { throw FileError(action, path, code: Self.stopped) }
            state.changes += 1
            state.actions.append("\(action) \(path)")
            if state.changes == state.faults.stopAt {
                failed(&state, true)
                state.isStopped = true
                throw FileError(action, path, code: Self.stopped)
            }
            if let code = state.failure() {
                failed(&state, false)
                throw FileError(action, path, code: code)
            }
            return try body(&state)
        }
    }

    private func locked<T: Sendable>(
        _ body: (inout State) throws(FileError) -> T
    ) throws(FileError) -> T {
        let result = state.withLock { state in
            Result { () throws(FileError) in try body(&state) }
        }
        return try result.get()
    }
}

extension SimulatedFileSystem.State {
    /// How many bytes the disk still takes.
    var room: Int { faults.capacity.map { max(0, $0 - disk.byteCount) } ?? 1 << 62 }

    mutating func chance(_ perMille: Int) -> Bool { Int.random(in: 0..<1000, using: &random) < perMille }

    /// The `errno` with which the current change fails; nil if it does not fail.
    fileprivate mutating func failure() -> Int32? {
        if let code = faults.failing[changes] { return code }
        return faults.failuresPerMille > 0 && chance(faults.failuresPerMille) ? EIO : nil
    }
}
