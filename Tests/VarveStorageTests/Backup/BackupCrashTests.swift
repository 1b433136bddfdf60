// BackupCrashTests.swift — a backup that is stopped at any call leaves a copy that opens and can be continued.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct BackupCrashTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")
    private static let (source, target) = ("/store", "/copy")

    private static func commit(_ times: Range<Int>, to store: Store) throws {
        let samples = times.map {
            Sample(time: Timestamp(nanoseconds: Int64($0)), value: .int64(Int64($0)), quality: 0)
        }
        _ = try store.commit(SampleBatch(series: [SeriesRows(key, .int64, samples)]))
    }

    /// A disk with a store, and with a backup of an earlier state unless the test makes the first backup.
    private static func disk(isFirst: Bool) throws -> SimulatedDisk {
        let files = SimulatedFileSystem(seed: 1)
        let store = try Store.open(source, files: files)
        try commit(0..<40, to: store)
        try store.flush()
        try commit(40..<45, to: store)
        if !isFirst {
            _ = try StoreBackup(of: source, into: target, files: files).run(isIncremental: true)
        }
        try commit(45..<50, to: store)
        try store.flush()
        try commit(50..<90, to: store)
        try store.flush()
        _ = try store.compact()
        try commit(90..<95, to: store)
        return files.disk
    }

    private static func count(_ path: String, _ files: SimulatedFileSystem) throws -> Int {
        var options = StoreOptions.reading
        options.mayBeMissing = true
        let snapshot: StoreSnapshot
        do {
            snapshot = try Store.open(path, options: options, files: files).snapshot()
        } catch StorageError.unfinishedBackup {
            return 0
        }
        let samples = try snapshot.samples(key, .int64)
        // Every state begins with the first commit and has no gap.
        #expect(samples.map(\.time.nanoseconds) == (0..<Int64(samples.count)).map { $0 })
        return samples.count
    }

    /// A first backup that was not finished is neither a store nor a place for one.
    private func checkUnfinished(_ files: SimulatedFileSystem) {
        let isUnfinished: (any Error) -> Bool = { error in
            if case StorageError.unfinishedBackup = error { true } else { false }
        }
        #expect { try Store.verify(Self.target, files: files) } throws: { isUnfinished($0) }
        #expect { try Store.open(Self.target, files: files) } throws: { isUnfinished($0) }
        #expect((try? Store.exists(Self.target, files: files)) == true)
    }

    @Test("stopped at any call, on a disk that loses what it may", arguments: [true, false])
    func everyCall(isFirst: Bool) throws {
        let disk = try Self.disk(isFirst: isFirst)
        let whole = SimulatedFileSystem(disk, seed: 2)
        _ = try StoreBackup(of: Self.source, into: Self.target, files: whole).run(isIncremental: true)
        #expect(whole.changes > 20)
        var random = SeededGenerator(seed: 3)
        // Nothing or the whole of a first backup; else the earlier state, the new one without its WAL, and the new one.
        let possible: Set = isFirst ? [0, 95] : [45, 90, 95]
        var seen: Set<Int> = []
        for call in 1...whole.changes {
            for outcome in [nil, .allLost, .random, .allKept] as [CrashOutcome?] {
                var faults = SimulatedFaults()
                faults.stopAt = call
                let files = SimulatedFileSystem(disk, seed: UInt64(call), faults: faults)
                #expect(throws: (any Error).self) {
                    _ = try StoreBackup(of: Self.source, into: Self.target, files: files)
                        .run(isIncremental: true)
                }
                let rest = outcome.map { files.disk.afterCrash($0, using: &random) } ?? files.disk
                let after = SimulatedFileSystem(rest, seed: UInt64(call))
                let count = try Self.count(Self.target, after)
                #expect(possible.contains(count), "call \(call), \(String(describing: outcome)): \(count)")
                seen.insert(count)
                if count == 0, try after.kind("\(Self.target)/backup") != nil { checkUnfinished(after) }
                if count > 0 {
                    let report = try Store.verify(Self.target, files: after)
                    #expect(report.damage.isEmpty, "call \(call): \(report.damage)")
                }
                let report = try StoreBackup(of: Self.source, into: Self.target, files: after)
                    .run(isIncremental: true)
                #expect(try report.samples == 95 && Self.count(Self.target, after) == 95)
                #expect(try Self.count(Self.source, after) == 95)
            }
        }
        #expect(seen == possible)
    }
}
