// CrashPoints.swift — stops an operation at every one of its calls and ends each stop in several ways.
//
// After each stop the invariants of CrashMachine are checked. Then the store takes more commits, which must stay too.

import Glibc
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveStorage

struct CrashPoints {
    /// How the machine ends at the stop, and again after the store was opened; nil if only the process dies.
    private static let ends: [(first: CrashOutcome?, then: CrashOutcome?)] = [
        (nil, nil), (nil, .allLost), (nil, .random), (nil, .random), (.allLost, nil),
        (.allKept, .allLost),
        (.zeroes, nil), (.random, .random), (.random, .allLost), (.random, nil),
    ]

    let operation: CrashOperation
    var seed: UInt64 = 1
    var plant: (SimulatedFileSystem) -> any FileSystem = { $0 }

    /// The calls of the operation when nothing stops it.
    func calls() throws -> [String] {
        let machine = try prepared()
        let before = machine.files.changes
        try operation.run(machine)
        return Array(machine.files.actions.dropFirst(before))
    }

    /// Stops the operation at each call and right after the last one, and passes on the violations.
    func stopEverywhere(_ found: (CrashFinding) -> Bool) throws -> (calls: Int, crashes: Int) {
        let calls = try calls()
        var crashes = 0
        for call in 1...calls.count + 1 {
            let machine = try ended(at: call) { $0.stopAt = $1 }
            machine.files.stop()
            for (number, end) in Self.ends.enumerated() {
                let seed = UInt64(call * 100 + number)
                crashes += 1
                do {
                    try Self.check(machine.fork(seed: seed), end.first, end.then)
                } catch {
                    let name = call > calls.count ? "its end" : calls[call - 1]
                    let place = "\(operation.rawValue), stopped at call \(call) (\(name))"
                    let ending = "\(end), seed \(seed)"
                    guard found(CrashFinding("\(place), \(ending): \(error)")) else {
                        return (calls.count, crashes)
                    }
                }
            }
        }
        return (calls.count, crashes)
    }

    /// Lets each call fail once while the machine goes on, then ends it.
    func failEverywhere(_ code: Int32, _ found: (CrashFinding) -> Void) throws -> (calls: Int, crashes: Int) {
        let calls = try calls()
        for call in 1...calls.count {
            let machine = try ended(at: call) { $0.failing[$1] = code }
            do {
                machine.files.setFaults(SimulatedFaults())
                try machine.checkReads()
                if call % 2 == 0, let store = machine.store, !store.needsReopen {
                    // One that needs a manifest: the store must know which the newest is.
                    guard try machine.commit([CrashOperation.batch(9, 60)]) else {
                        throw CrashFinding("the store does not go on: \(machine.events.last ?? "")")
                    }
                }
                try Self.check(machine, call % 3 == 0 ? .random : .allLost, .random)
            } catch {
                found(
                    CrashFinding(
                        "\(operation.rawValue), call \(call) (\(calls[call - 1])) failed, \(code): \(error)"))
            }
        }
        return (calls.count, calls.count)
    }

    private func prepared() throws -> CrashMachine {
        let machine = CrashMachine(seed: seed, plant: plant)
        try operation.prepare(machine)
        return machine
    }

    /// A machine on which the operation was run with a fault at one of its calls.
    private func ended(
        at call: Int, _ fault: (inout SimulatedFaults, Int) -> Void
    ) throws -> CrashMachine {
        let machine = try prepared()
        var faults = SimulatedFaults()
        fault(&faults, machine.files.changes + call)
        machine.files.setFaults(faults)
        do {
            try operation.run(machine)
        } catch let finding as CrashFinding {
            throw finding
        } catch {
            machine.note("\(operation.rawValue) failed: \(error)")
        }
        return machine
    }

    private static func check(
        _ machine: CrashMachine, _ first: CrashOutcome?, _ then: CrashOutcome?
    ) throws {
        machine.crash(first)
        try machine.restart()
        // Recovered commits must survive the next crash.
        machine.crash(then)
        try machine.restart()
        for number in 4..<8 { try machine.commit([CrashOperation.batch(number, 4 + number)]) }
        try machine.checkReads()
        machine.crash(.allLost)
        try machine.restart()
        _ = try machine.store?.compact()
        try machine.checkReads()
        try machine.close()
        try machine.verify(deep: true)
        try machine.restart()
    }
}
