// RecoveryWorkload.swift — opens a store after a crash: with a WAL as large as it gets before a flush, and
// with a WAL of 1 GiB, which needs a memtable without a limit.
//
// The directory is copied while the store is open. The copy has what a crash leaves: a WAL file without its
// end.
//
// Invariants:
// - The copy is in the kernel's cache when it is opened.
// - The opened store has all commits.

import VarveFile
import VarveModel
import VarveStorage

/// Measures how long a store takes to open after a crash.
struct RecoveryWorkload {
    let scratch: TemporaryFolder
    let runs: Int

    private static let largeWAL = 1 << 30

    func run(into report: inout Report) throws {
        var lines: [Report.Line] = []
        for shape in MessageShape.all where shape.series == 1_000 {
            let groups = try fill(shape, StoreOptions(), "full") { store, _ in
                try store.statistics().segments > 0
            }
            lines += try measure(shape, StoreOptions(), groups - 1, runs, nil)
        }
        report.add("Opening after a crash, the WAL as large as it gets before a flush", lines)
        var unlimited = StoreOptions()
        unlimited.memtableBytes = .max / 4
        let shape = MessageShape.all[1]
        let groups = try fill(shape, unlimited, "full") { store, groups in
            try groups % 64 == 0 && store.statistics().walBytes >= UInt64(Self.largeWAL)
        }
        report.add(
            "Opening after a crash with a WAL of 1 GiB, the memtable without a limit",
            try measure(shape, unlimited, groups, 1, .below(5)))
    }

    private func measure(
        _ shape: MessageShape, _ options: StoreOptions, _ groups: Int, _ runs: Int, _ goal: Goal?
    ) throws -> [Report.Line] {
        let path = scratch.fresh("crashed")
        _ = try fill(shape, options, "full") { store, done in
            guard done == groups else { return false }
            try copy(scratch.path + "/full", to: path)
            return true
        }
        _ = scratch.fresh("full")
        let commits = UInt64(groups * MessageShape.groupSize)
        let bytes = try walBytes(path)
        var reading = Figure()
        var writing = Figure()
        for _ in 0..<runs {
            let opened = try Stopwatch.time { try Store.open(path, options: .reading).snapshot().commit }
            guard opened.result == commits else {
                throw HarnessError("\(opened.result) of \(commits) commits")
            }
            reading.add(opened.seconds)
        }
        // Opening for writing rewrites the WAL file, so each run has its own copy.
        for _ in 0..<runs {
            let again = scratch.fresh("again")
            try copy(path, to: again)
            let opened = try Stopwatch.time { try Store.open(again, options: options) }
            writing.add(opened.seconds)
            try opened.result.close()
        }
        _ = scratch.fresh("again")
        let rows = Double(commits) * 40 / 1e6
        return [
            .init("\(shape.name): WAL", "MiB", Figure([Double(bytes) / Double(1 << 20)])),
            .init("its samples", "M", Figure([rows])),
            .init("open for reading", "s", reading),
            .init("open for writing", "s", writing, goal),
        ]
    }

    /// Commits groups of messages until `isDone`, called after each with their number, is true.
    ///
    /// Returns that number.
    private func fill(
        _ shape: MessageShape, _ options: StoreOptions, _ name: String,
        until isDone: (Store, Int) throws -> Bool
    ) throws -> Int {
        let store = try Store.open(scratch.fresh(name), options: options, files: UnsyncedFiles())
        let names = shape.deviceNames
        var groups = 0
        repeat {
            let first = groups * MessageShape.groupSize
            let group = (first..<first + MessageShape.groupSize).map { shape.message($0, names) }
            for result in store.commit(group: group) { _ = try result.get() }
            groups += 1
        } while try !isDone(store, groups)
        try store.close()
        return groups
    }

    private func copy(_ source: String, to target: String) throws {
        let files = POSIXFileSystem()
        for folder in ["manifests", "segments", "wal"] {
            try files.createDirectory("\(target)/\(folder)")
            for name in try files.list("\(source)/\(folder)") {
                let bytes = try files.readAll("\(source)/\(folder)/\(name)", limit: 1 << 40)
                try files.replace("\(target)/\(folder)/\(name)", bytes)
            }
        }
    }

    private func walBytes(_ path: String) throws -> Int {
        let files = POSIXFileSystem()
        return try files.list("\(path)/wal").reduce(0) { sum, name in
            guard case .file(let size)? = try files.kind("\(path)/wal/\(name)") else { return sum }
            return sum + size
        }
    }
}
