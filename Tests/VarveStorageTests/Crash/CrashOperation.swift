// CrashOperation.swift — the operations that are stopped at every one of their calls.

import Glibc
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveStorage

/// An operation of the engine, with the state that it needs.
enum CrashOperation: String, CaseIterable, Sendable {
    case firstOpening = "first opening"
    case newWALFile = "commit to a new WAL file"
    case group = "commit of a group"
    case largeCommit = "commit of a segment and a manifest"
    case flush = "flush"
    case compaction = "compaction"
    case collection = "collection of merged files"
    case close = "close"
    case recovery = "recovery of a torn WAL"
    case recoveryAfterSync = "recovery after a failed sync"
    case recoveryOfOrphans = "recovery with orphans"
    case deletion = "deletion of a range"
    case erasure = "compaction of deleted samples"
    case retention = "retention with a segment that goes"
    case retyping = "change of a type"
    case erasureOfReplaced = "compaction of replaced series"
    case recoveryOfSeal = "recovery of a sealed name, and a commit"

    /// Brings a new machine to the point before the operation.
    func prepare(_ machine: CrashMachine) throws {
        guard self != .firstOpening else { return }
        try machine.open()
        try machine.commit([Self.batch(0, 5)])
        try machine.commit([Self.batch(1, 60)])
        try machine.store?.flush()
        try machine.commit([Self.batch(2, 60), Self.batch(3, 3)])
        switch self {
        case .newWALFile: try machine.store?.flush()
        case .erasure: try Self.delete(machine)
        case .erasureOfReplaced: try machine.retype("x", to: .double)
        case .collection: try machine.hold()
        case .recovery:
            try stop(machine, after: 1) { try machine.commit([Self.batch(4, 40), Self.batch(5, 40)]) }
        case .recoveryAfterSync:
            var faults = SimulatedFaults()
            faults.failing[machine.files.changes + 2] = EIO
            machine.files.setFaults(faults)
            try machine.commit([Self.batch(4, 40)])
            machine.files.setFaults(SimulatedFaults())
            try? machine.close()
        case .recoveryOfOrphans:
            try stop(machine, after: 14) { try machine.commit([Self.batch(4, 60)]) }
        case .recoveryOfSeal:
            // Right before the folder with the new name is synced.
            try stop(machine, after: 4) { try? machine.close() }
            machine.crash(nil)
        default: break
        }
        if self == .recovery || self == .recoveryOfOrphans { machine.crash(.allKept) }
    }

    /// Runs the operation; errors of a stopped machine are ignored.
    func run(_ machine: CrashMachine) throws {
        switch self {
        case .firstOpening, .recovery, .recoveryAfterSync, .recoveryOfOrphans: try machine.open()
        case .recoveryOfSeal:
            try machine.open()
            try machine.commit([Self.batch(6, 4)])
        case .newWALFile: try machine.commit([Self.batch(6, 4)])
        case .group: try machine.commit([Self.batch(6, 30), Self.batch(7, 40), Self.batch(8, 2)])
        case .largeCommit: try machine.commit([Self.batch(6, 70)])
        case .flush: try machine.store?.flush()
        case .deletion: try Self.delete(machine)
        case .retention:
            let keys = Self.batch(0, 5).rows.map(\.key) + Self.batch(1, 5).rows.map(\.key)
            try machine.expire(Set(keys), before: Timestamp(nanoseconds: 165))
        case .retyping: try machine.retype("x", to: .double)
        case .compaction, .erasure, .erasureOfReplaced: _ = try machine.store?.compact()
        case .collection:
            _ = try machine.store?.compact()
            machine.letGo()
        case .close: try machine.close()
        }
    }

    /// Deletes a range that has samples of segments and of the WAL in it.
    private static func delete(_ machine: CrashMachine) throws {
        let keys = batch(0, 5).rows.map(\.key)
        try machine.delete(
            Set(keys), in: TimeRange(to: Timestamp(nanoseconds: 150)))
    }

    private func stop(_ machine: CrashMachine, after calls: Int, _ body: () throws -> Void) throws {
        var faults = SimulatedFaults()
        faults.stopAt = machine.files.changes + calls
        machine.files.setFaults(faults)
        try body()
    }

    /// A batch of two series; each corrects one sample of the one before.
    static func batch(_ number: Int, _ count: Int) -> CrashBatch {
        let key = SeriesKey(product: "p", device: "d", point: "x")
        let other = SeriesKey(product: "p", device: "d\(number % 3)", point: "y")
        let rows = (0..<count).map { index in
            Sample(
                time: Timestamp(nanoseconds: Int64(max(0, number * 100 + index - 1))),
                value: .int64(Int64(number)))
        }
        let text = Sample(time: Timestamp(nanoseconds: Int64(number)), value: .string("text \(number)"))
        return CrashBatch(rows: [(key, .int64, .last, rows), (other, .string, .last, [text])])
    }
}
