// CrashMachine.swift — a store on a machine that can lose its power at any call, and the checks after each restart.
//
// Invariants checked after every start:
// - `verify` finds no damage before the store is opened, and none after.
// - All series read as in one possible state of the oracle, and `samples` counts them.
// - No file is left that the manifest does not name.

import Synchronization
import VarveCodec
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

final class CrashMachine {
    static let path = "/data"

    /// The source of all random choices of the history.
    var random: SeededGenerator
    private(set) var files: SimulatedFileSystem
    /// The disk that the store uses: the simulated one, or a wrapper with a planted fault.
    private var disk: any FileSystem
    private let plant: (SimulatedFileSystem) -> any FileSystem
    private(set) var store: Store?
    var oracle = CrashOracle()
    /// A snapshot that is kept while the store goes on, and what it must show.
    private var held: (snapshot: StoreSnapshot, samples: [SeriesKey: [Sample]])?
    private let chance = RepeatableChance()
    private let historyChance: UInt64
    /// What happened, for the message of a finding.
    private(set) var events: [String] = []
    private(set) var crashes = 0

    init(seed: UInt64, plant: @escaping (SimulatedFileSystem) -> any FileSystem = { $0 }) {
        random = SeededGenerator(seed: seed)
        historyChance = seed
        self.plant = plant
        files = SimulatedFileSystem(seed: random.next())
        disk = plant(files)
    }

    private init(forkOf other: CrashMachine, seed: UInt64) {
        random = SeededGenerator(seed: seed)
        historyChance = other.historyChance
        plant = other.plant
        files = SimulatedFileSystem(other.files.disk, seed: random.next())
        disk = plant(files)
        oracle = other.oracle
        events = other.events
    }

    /// A separate machine with a copy of the current disk, on which no store is open.
    func fork(seed: UInt64) -> CrashMachine { CrashMachine(forkOf: self, seed: seed) }

    func note(_ event: String) { events.append("\(files.changes): \(event)") }

    // MARK: - Going on

    /// The options of the store: small limits, so that short histories reach everything.
    private var options: StoreOptions {
        var options = StoreOptions()
        let chance = chance
        chance.seed(random.next())
        options.now = { chance.nextSecond() }
        options.newFileID = { chance.nextName() }
        options.walBatchRows = 48
        options.walWriteRecords = 2
        options.memtableBytes = 24 << 10
        options.walReserveBytes = 8192
        // Seconds of this clock are steps; some stores soon forget.
        options.history = [0, 200, 1 << 20][Int(historyChance % 3)] * 1_000_000_000
        return options
    }

    /// Opens the store and checks what it shows; throws the store's error if a fault was set.
    func open() throws {
        note("open")
        let store = try Store.open(Self.path, options: options, files: disk)
        self.store = store
        try oracle.shown(store.snapshot())
        try checkCount()
        try checkNames()
    }

    func close() throws {
        note("close")
        held = nil
        defer { store = nil }
        try store?.close()
    }

    /// Commits batches as one group, reports the results to the oracle, and returns whether all succeeded.
    @discardableResult
    func commit(_ batches: [CrashBatch]) throws -> Bool {
        guard let store else { return false }
        let batches = batches.compactMap { $0.adapted(to: store) }
        note("commit \(batches.map { $0.rows.reduce(0) { $0 + $1.rows.count } })")
        let results = store.commit(group: batches.map(\.batch))
        var isWhole = true
        for (batch, result) in zip(batches, results) {
            switch result {
            case .success(let outcome): try oracle.acknowledged(batch, outcome)
            case .failure(let error):
                isWhole = false
                note("commit failed: \(error)")
                // If the store need not be opened again, the batch can no longer appear.
                if files.isStopped || store.needsReopen { oracle.unknown { _ = $0.apply(batch) } }
            }
        }
        return isWhole
    }

    /// Deletes samples and reports the result to the oracle.
    func delete(_ keys: Set<SeriesKey>, in range: TimeRange) throws {
        try remove(
            "delete \(keys.map(\.device).sorted()) \(range)",
            { try $0.delete(Array(keys), in: range).samples },
            { $0.delete(keys, in: range) })
    }

    /// Carries out retention and reports the result to the oracle.
    func expire(_ keys: Set<SeriesKey>, before time: Timestamp) throws {
        try remove(
            "expire \(keys.map(\.device).sorted()) before \(time)",
            { try $0.expire(Array(keys), keeping: .from(time)).samples }, { $0.expire(keys, before: time) })
    }

    /// Changes the type of a point of product `p` and reports the result to the oracle.
    func retype(_ point: String, to type: ValueType) throws {
        let retyping = Retyping(products: ["p"], point: point, to: type, dropsUnfit: true)
        try remove(
            "change \(point) to \(type.name)",
            {
                let report = try $0.retype(retyping)
                return report.skipped + report.unfit
            }, { $0.retype(point, to: type) })
    }

    private func remove(
        _ what: String, _ removal: (Store) throws -> UInt64,
        _ expected: (inout CrashState) -> UInt64
    ) throws {
        guard let store else { return }
        note(what)
        do {
            try oracle.removed(removal(store), expected)
        } catch let finding as CrashFinding {
            throw finding
        } catch {
            note("it failed: \(error)")
            if files.isStopped || store.needsReopen { oracle.unknown { _ = expected(&$0) } }
        }
    }

    // MARK: - Crashes

    /// Ends the process, and with `outcome` the machine, and starts again what ended; the store is not open then.
    func crash(_ outcome: CrashOutcome?) {
        note(outcome.map { "power failure, \($0)" } ?? "killed")
        crashes += 1
        files.stop()
        held = nil
        store = nil
        var disk = files.disk
        if let outcome { disk = disk.afterCrash(outcome, using: &random) }
        files = SimulatedFileSystem(disk, seed: random.next())
        self.disk = plant(files)
    }

    /// Checks the disk as it is and opens the store.
    func restart() throws {
        try verify()
        try open()
    }

    // MARK: - Checks

    func verify(deep: Bool = false) throws {
        do {
            let report = try Store.verify(Self.path, deep: deep, files: disk)
            guard report.damage.isEmpty else { throw CrashFinding("verify: \(report.damage)") }
        } catch StorageError.noStore {
            guard oracle.mayBeEmpty else { throw CrashFinding("verify finds no store") }
        }
    }

    /// What a reader beside the writer, or instead of it, shows.
    func checkReader() throws {
        var options = StoreOptions.reading
        options.mayBeMissing = true
        try oracle.shown(try Store.open(Self.path, options: options, files: disk).snapshot(), isFinal: false)
    }

    func checkReads() throws {
        guard let store else { return }
        // A store that cannot go on may have commits that it shows only after it is opened again.
        try oracle.shown(store.snapshot(), isFinal: !store.needsReopen)
        try checkCount()
        try checkPast(store)
        guard let held else { return }
        guard try CrashOracle.read(held.snapshot) == held.samples else {
            throw CrashFinding("a snapshot changed under its reader")
        }
    }

    /// Checks that states of the past are unchanged or, if history ended since, refused.
    private func checkPast(_ store: Store) throws {
        guard !store.needsReopen else { return }
        let snapshot = store.snapshot()
        if let commit = oracle.pastCommits.randomElement(using: &random), commit <= snapshot.commit {
            do {
                try oracle.shownPast(snapshot.asOf(commit: commit), commit)
            } catch StorageError.noSuchState {
                guard commit < snapshot.view.manifest.historyFrom else {
                    throw CrashFinding("as of commit \(commit) is refused")
                }
            }
        }
        oracle.note(snapshot.commit)
    }

    /// Keeps a snapshot, in the place of the one kept before.
    func hold() throws {
        guard let snapshot = store?.snapshot() else { return }
        held = (snapshot, try CrashOracle.read(snapshot))
    }

    /// Releases the snapshot.
    func letGo() { held = nil }

    private func checkCount() throws {
        guard let store else { return }
        let samples = try store.statistics().samples
        guard oracle.counts.contains(samples) else {
            throw CrashFinding("samples \(samples), expected \(oracle.counts.sorted())")
        }
    }

    /// Checks that an opening leaves no file of an interrupted operation.
    private func checkNames() throws {
        guard let store else { return }
        let manifest = store.snapshot().view.manifest
        let live = manifest.fileNames
        for name in try files.list(store.context.folder.segments) where !live.contains("segments/\(name)") {
            throw CrashFinding("segments/\(name) is left over")
        }
        for name in try files.list(store.context.folder.wal) {
            guard let file = StoreFolder.walNumber(name), file.sealed, file.number >= manifest.firstWAL
            else {
                throw CrashFinding("wal/\(name) is left over")
            }
        }
        for name in try files.list(store.context.folder.manifests)
        where StoreFolder.manifestNumber(name) == nil {
            throw CrashFinding("manifests/\(name) is left over")
        }
    }
}

/// Times and names of files that are the same in every run.
private final class RepeatableChance: Sendable {
    private let seconds = Atomic<Int64>(1)
    private let names = Mutex(SeededGenerator(seed: 0))

    func seed(_ seed: UInt64) { names.withLock { $0 = SeededGenerator(seed: seed) } }

    func nextSecond() -> Int64 { seconds.add(1, ordering: .relaxed).newValue * 1_000_000_000 }

    func nextName() -> FileID {
        names.withLock { FileID(Hash128(low: $0.next(), high: $0.next())) }
    }
}
