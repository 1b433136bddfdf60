// PhaseWorkload.swift — where an import spends its time, measured in process between the interfaces of import
// and store.
//
// The importer calls the sink when its first reading is over, so a sink that notes times splits an import:
//     survey     first reading: unpack, split into fields, learn types and units
//     parse      second reading, into a sink that discards everything
//     commit     inside the store's commit, on the committing thread, which runs beside the parsing thread
//     settle     merging segments after the last row, and closing

import Synchronization
import VarveFile
import VarveModel
import VarvePlatform
import VarveStorage
import VarveTransfer

/// Measures the phases of the import of one recording.
struct PhaseWorkload {
    let recording: Recording
    let scratch: TemporaryFolder
    let runs: Int

    func run(into report: inout Report) throws {
        var survey = Figure()
        var parse = Figure()
        var rows = Figure()
        var commit = Figure()
        var settle = Figure()
        var total = Figure()
        for _ in 0..<runs {
            let discarding = MeasuredSink(nil)
            let dry = try importing(into: discarding)
            parse.add(dry.seconds - discarding.secondsToBegin(from: dry.started))

            let store = try Store.open(scratch.fresh("phases"))
            let sink = MeasuredSink(store)
            let run = try importing(into: sink)
            let begin = sink.secondsToBegin(from: run.started)
            survey.add(begin)
            rows.add(run.seconds - begin)
            commit.add(sink.commitSeconds)
            let end = try Stopwatch.time {
                _ = try store.compactIfDue()
                try store.close()
            }
            settle.add(end.seconds)
            total.add(run.seconds + end.seconds)
        }
        _ = scratch.fresh("phases")
        report.add(
            "The same import by phase, in process",
            [
                .init("survey: first reading", "s", survey),
                .init("second reading, with commits", "s", rows),
                .init("– parsing alone (nothing stored)", "s", parse),
                .init("– commits alone (other thread)", "s", commit),
                .init("settle: merge due segments, close", "s", settle),
                .init("sum", "s", total),
            ])
    }

    private func importing(into sink: MeasuredSink) throws -> (started: Int64, seconds: Double) {
        var options = ImportOptions()
        options.registers = true
        let started = SystemClock.monotonicNanoseconds()
        let importer = Importer(
            sink: sink, directory: MemoryDirectory(), files: POSIXFileSystem(), spoolFolder: scratch.path,
            options: options)
        _ = try importer.importFile(recording.path, rejectedPath: "\(scratch.path)/rejected.csv")
        return (started, Double(SystemClock.monotonicNanoseconds() - started) / 1e9)
    }
}

/// Passes batches to a store, or drops them, and notes when and for how long.
private final class MeasuredSink: ImportSink {
    private struct Notes {
        var begun: Int64 = 0
        var committing: Int64 = 0
    }

    private let store: Store?
    private let notes = Mutex(Notes())

    init(_ store: Store?) {
        self.store = store
    }

    var commitSeconds: Double { notes.withLock { Double($0.committing) / 1e9 } }

    func secondsToBegin(from started: Int64) -> Double {
        notes.withLock { Double($0.begun - started) / 1e9 }
    }

    func storedType(of key: SeriesKey) throws -> ValueType? { store?.storedType(of: key) }

    func beginImport() throws {
        notes.withLock { $0.begun = SystemClock.monotonicNanoseconds() }
        try store?.beginImport()
    }

    func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        guard let store else { return BatchOutcome(receipt: Receipt(), isReplay: false, commit: 0) }
        let started = SystemClock.monotonicNanoseconds()
        let outcome = try store.commit(batch)
        notes.withLock { $0.committing += SystemClock.monotonicNanoseconds() - started }
        return outcome
    }

    func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        try store?.assess(batch) ?? BatchOutcome(receipt: Receipt(), isReplay: false, commit: 0)
    }
}

/// A directory in memory that knows the points registered with it.
private final class MemoryDirectory: PointDirectory {
    private let types = Mutex<[String: ValueType]>([:])

    func lookUp(product: String?, device: String, point: String) throws -> PointLookup {
        let product = product ?? ImportOptions.defaultProduct
        guard let type = types.withLock({ $0[point] }) else {
            return .unknownPoint(point, product: product, model: product)
        }
        let key = SeriesKey(product: product, device: device, point: point)
        return .found(RegisteredPoint(key: key, type: type, policy: .last))
    }

    func generation() throws -> UInt64 { 0 }

    func timeZone(product _: String?, device _: String) throws -> String? { nil }

    func model(ofProduct product: String) throws -> String? { product }

    func noteZones(_: [DeviceZone], remembers _: Bool) throws -> [DeviceZone] { [] }

    func hasPoint(_ point: String, product _: String) throws -> Bool { types.withLock { $0[point] != nil } }

    func register(_ registration: Registration) throws -> Int {
        types.withLock { types in
            for point in registration.points { types[point.point] = point.type }
        }
        return registration.points.count
    }
}
