// CrashHistory.swift — one random history from a seed: what gateways, imports, housekeeping and bad disks do.
//
// Times and values are few, so that corrections, identical rows and repeats come by themselves.

import Glibc
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveStorage

struct CrashHistory {
    private static let types: [ValueType] = [.double, .int64, .bool, .string, .json, .double]

    private let machine: CrashMachine
    private var sent: [CrashBatch] = []
    private var imports: [[CrashBatch]] = []
    private var importsMade = 0

    /// Runs the history of a seed; throws a finding, with the seed and what led to it.
    @discardableResult
    static func run(
        seed: UInt64, steps: Int = 22, plant: @escaping (SimulatedFileSystem) -> any FileSystem = { $0 }
    ) throws -> (crashes: Int, actions: [String]) {
        let machine = CrashMachine(seed: seed, plant: plant)
        var history = CrashHistory(machine)
        do {
            return try history.run(steps: steps)
        } catch {
            throw CrashFinding(
                "seed \(seed): \(error)\nwhat led to it:\n  "
                    + machine.events.suffix(40).joined(separator: "\n  ")
                    + "\n  last calls: \(machine.files.actions.suffix(12))")
        }
    }

    private init(_ machine: CrashMachine) { self.machine = machine }

    private mutating func run(steps: Int) throws -> (crashes: Int, actions: [String]) {
        try start()
        for _ in 0..<steps {
            do {
                try step()
            } catch let finding as CrashFinding {
                throw finding
            } catch {
                machine.note("failed: \(error)")
                if !machine.files.isStopped, let store = machine.store, !store.needsReopen {
                    // After a passing failure the store goes on.
                    machine.files.setFaults(SimulatedFaults())
                    try machine.checkReads()
                }
            }
            try recover()
        }
        machine.files.setFaults(SimulatedFaults())
        try machine.checkReads()
        for batch in sent.suffix(3) { try machine.commit([batch]) }
        for number in imports.indices { try commit(importNumber: number) }
        try machine.checkReads()
        try machine.close()
        try machine.verify(deep: true)
        try machine.checkReader()
        return (machine.crashes, machine.events + machine.files.actions)
    }

    /// Opens the store again if a step has stopped it or left it unable to go on.
    private mutating func recover() throws {
        if machine.files.isStopped {
            crash()
        } else if let store = machine.store {
            guard store.needsReopen else { return }
            machine.note("needs to be opened again")
            try? machine.close()
            if chance(3) { crash() }
        }
        try start()
    }

    /// Starts the store, at times through a crash while it recovers.
    private mutating func start() throws {
        for attempt in 0..<4 {
            var faults = SimulatedFaults()
            if attempt < 3, chance(4) {
                faults.stopAt = machine.files.changes + Int.random(in: 1...14, using: &machine.random)
            } else if attempt < 3, chance(12) {
                let call = machine.files.changes + Int.random(in: 1...10, using: &machine.random)
                faults.failing[call] = chance(2) ? EIO : ENOSPC
            }
            machine.files.setFaults(SimulatedFaults())
            try machine.verify()
            if chance(4) { try machine.checkReader() }
            machine.files.setFaults(faults)
            do {
                try machine.open()
                if !machine.files.isStopped { return }
            } catch let finding as CrashFinding {
                throw finding
            } catch {
                guard machine.files.isStopped || !faults.failing.isEmpty else { throw error }
                machine.note("opening failed: \(error)")
            }
            if machine.files.isStopped || chance(2) { crash() }
        }
    }

    private func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &machine.random) == 0 }

    private func crash() {
        switch Int.random(in: 0..<8, using: &machine.random) {
        case 0, 1: machine.crash(nil)
        case 2: machine.crash(.allLost)
        case 3: machine.crash(.allKept)
        case 4: machine.crash(.zeroes)
        default: machine.crash(.random)
        }
    }

    // MARK: - Steps

    private mutating func step() throws {
        switch Int.random(in: 0..<100, using: &machine.random) {
        case 0..<30: try commit([batch(upTo: 6)])
        case 30..<37:
            try commit((0..<Int.random(in: 2...3, using: &machine.random)).map { _ in batch(upTo: 4) })
        case 37..<44: if let again = sent.randomElement(using: &machine.random) { try commit([again]) }
        case 44..<52: try commit([batch(upTo: 150, atLeast: 49)])
        case 52..<57:
            imports.append(newImport())
            try commit(importNumber: imports.count - 1)
        case 57..<59:
            // If its batches change, it is another import.
            imports = []
            try machine.retype("x", to: chance(2) ? .string : .double)
        case 59..<64:
            if let again = imports.indices.randomElement(using: &machine.random) {
                try commit(importNumber: again)
            }
        case 64..<70:
            machine.note("flush")
            try machine.store?.flush()
        case 70..<74:
            machine.note("compact")
            _ = try machine.store?.compact()
        case 74..<76:
            machine.note("compact if due")
            _ = try machine.store?.compactIfDue()
        case 76..<77: try machine.hold()
        case 77..<81:
            let devices = (0..<6).shuffled(using: &machine.random).prefix(2)
            let keys = devices.map { SeriesKey(product: "p", device: "d\($0)", point: "x") }
            let from = Int64.random(in: 0..<60, using: &machine.random)
            let length = Int64.random(in: 1..<40, using: &machine.random)
            try machine.delete(
                Set(keys),
                in: TimeRange(
                    from: Timestamp(nanoseconds: from * 1_000_000_000),
                    to: Timestamp(nanoseconds: (from + length) * 1_000_000_000)))
        case 81..<82: try machine.checkReader()
        case 82..<84 where chance(2):
            let keys = (0..<6).shuffled(using: &machine.random).prefix(3).map {
                SeriesKey(product: "p", device: "d\($0)", point: "x")
            }
            let time = Int64.random(in: 0..<40, using: &machine.random) * 1_000_000_000
            try machine.expire(Set(keys), before: Timestamp(nanoseconds: time))
        case 82..<84:
            try machine.close()
            try start()
        case 84..<86: crash()
        case 86..<91: setFailure()
        default:
            var faults = SimulatedFaults()
            faults.stopAt = machine.files.changes + Int.random(in: 1...30, using: &machine.random)
            machine.note("will stop at \(faults.stopAt ?? 0)")
            machine.files.setFaults(faults)
        }
        if machine.store != nil, !machine.files.isStopped, chance(2) { try machine.checkReads() }
    }

    private func setFailure() {
        var faults = SimulatedFaults()
        switch Int.random(in: 0..<4, using: &machine.random) {
        case 0: faults.capacity = 2000 + Int.random(in: 0...20_000, using: &machine.random)
        case 1: faults.failuresPerMille = 60
        case 2: faults.readFailuresPerMille = 100
        default:
            let call = machine.files.changes + Int.random(in: 1...12, using: &machine.random)
            faults.failing[call] = chance(2) ? EIO : ENOSPC
        }
        machine.note("faults: \(faults)")
        machine.files.setFaults(faults)
    }

    private mutating func commit(_ batches: [CrashBatch]) throws {
        for batch in batches { sent.append(batch) }
        try machine.commit(batches)
    }

    private mutating func newImport() -> [CrashBatch] {
        importsMade += 1
        let count = Int.random(in: 1...3, using: &machine.random)
        return (0..<count).map { index in
            var batch = batch(upTo: 70)
            batch.part = (importsMade, UInt32(index), index == count - 1)
            return batch
        }
    }

    /// Runs an import from its beginning, until it is done or a batch fails.
    private func commit(importNumber: Int) throws {
        // An import needs its first batch, and a batch without a row that fits a new type is not committed.
        if let store = machine.store,
            imports[importNumber].contains(where: { $0.adapted(to: store) == nil })
        {
            return
        }
        machine.note("import \(importNumber)")
        try machine.store?.beginImport()
        for batch in imports[importNumber] {
            guard try machine.commit([batch]) else { return }
            if chance(4) { return machine.note("import broken off") }
        }
    }

    private func batch(upTo most: Int, atLeast least: Int = 1) -> CrashBatch {
        let devices = (0..<6).shuffled(using: &machine.random)
        var left = Int.random(in: least...most, using: &machine.random)
        var batch = CrashBatch(rows: [])
        for number in devices.prefix(Int.random(in: 1...3, using: &machine.random)) where left > 0 {
            let isLast = batch.rows.count == 2 || chance(2)
            let count = isLast ? left : Int.random(in: 1...left, using: &machine.random)
            let key = SeriesKey(product: "p", device: "d\(number)", point: "x")
            let type = Self.types[number]
            batch.rows.append((key, type, number == 5 ? .first : .last, rows(type, count)))
            left -= count
        }
        if least > 1, left > 0 { batch.rows[0].rows += rows(batch.rows[0].type, left) }
        return batch
    }

    private func rows(_ type: ValueType, _ count: Int) -> [Sample] {
        let start = Int64.random(in: 0..<60, using: &machine.random)
        return (0..<count).map { index in
            let step = count > 20 ? Int64(index) : Int64.random(in: 0..<20, using: &machine.random)
            let time = Timestamp(nanoseconds: (start + step) * 1_000_000_000)
            if chance(25) { return Sample(time: time, value: nil, quality: 1) }
            return Sample(time: time, value: value(type), quality: chance(20) ? 7 : nil)
        }
    }

    private func value(_ type: ValueType) -> Value {
        let number = Int.random(in: 0..<6, using: &machine.random)
        switch type {
        case .double: return .double(number == 5 ? .nan : Double(number) / 10)
        case .int64: return .int64(number == 5 ? .min : Int64(number))
        case .bool: return .bool(number > 2)
        case .string: return .string(String(repeating: "long ", count: number * 8))
        case .json: return .json("[\(number)]")
        }
    }
}
