// SimulatedFileSystem.swift — a machine whose disk lies in memory and keeps only what was synced.
//
// Files, names and the rules of what survives: SimulatedDisk and what it is made of. Here: the calls, their count,
// and what goes wrong with them. All chance comes from one seed.
//
// Invariants:
// - Changes are numbered from 1 in the order in which they are made. Opening to read, reading and listing are none.
// - After the machine stopped every call fails with `stopped`, and nothing changes any more.
// - A lock is held by this machine's process: the machine started anew knows none.

import Glibc
import Synchronization
import VarveFile

/// A file system in memory that can lose whatever was not synced.
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

    /// The code of every call after the machine stopped; no system has it.
    package static let stopped: Int32 = -1

    private let state: Mutex<State>

    /// Starts a machine.
    ///
    /// - Parameters:
    ///   - disk: What is on its disk.
    ///   - seed: The seed of all chance in it.
    ///   - faults: What goes wrong.
    package init(_ disk: SimulatedDisk = SimulatedDisk(), seed: UInt64, faults: SimulatedFaults = .init()) {
        state = Mutex(State(disk: disk, faults: faults, random: SeededGenerator(seed: seed)))
    }

    /// What is on the disk and in the page cache now.
    package var disk: SimulatedDisk { state.withLock { $0.disk } }

    /// How many changes were made.
    package var changes: Int { state.withLock { $0.changes } }

    /// What each change was, as "sync /data/wal/1.wal".
    package var actions: [String] { state.withLock { $0.actions } }

    /// Whether the machine has come to its stop.
    package var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Other faults from now on; the numbers of changes go on.
    package func setFaults(_ faults: SimulatedFaults) { state.withLock { $0.faults = faults } }

    /// Stops the machine.
    package func stop() { state.withLock { $0.isStopped = true } }

    // MARK: - Calls

    /// Runs a call that changes nothing.
    func look<T: Sendable>(
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
        try look("read", path) { state throws(FileError) in
            if state.faults.readFailuresPerMille > 0, state.chance(state.faults.readFailuresPerMille) {
                throw FileError("read", path, code: EIO)
            }
            return try body(&state)
        }
    }

    /// Runs a call that changes something.
    ///
    /// - Parameters:
    ///   - action: What is tried.
    ///   - path: On what.
    ///   - failed: What a failing call does all the same; its argument tells whether the machine stops.
    ///   - body: The call.
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
    /// Bytes that the disk still takes.
    var room: Int { faults.capacity.map { max(0, $0 - disk.byteCount) } ?? 1 << 62 }

    mutating func chance(_ perMille: Int) -> Bool { Int.random(in: 0..<1000, using: &random) < perMille }

    /// The code with which the current change fails, if it does.
    fileprivate mutating func failure() -> Int32? {
        if let code = faults.failing[changes] { return code }
        return faults.failuresPerMille > 0 && chance(faults.failuresPerMille) ? EIO : nil
    }
}
