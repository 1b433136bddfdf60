// PlantedFaultTests.swift — the crash tests find an engine that leaves out a step, which proves that they can fail.

import Testing

@testable import VarveStorage

@Suite struct PlantedFaultTests {
    @Test("a step that is left out is found", arguments: PlantedFault.allCases)
    func found(fault: PlantedFault) throws {
        if let operation = fault.operation {
            var (findings, crashes) = (0, 0)
            // What a failed sync leaves is chance.
            for seed in UInt64(1)...4 where findings == 0 {
                var points = CrashPoints(operation: operation, seed: seed)
                points.plant = { PlantedFileSystem($0, fault) }
                crashes += try points.stopEverywhere { _ in
                    findings += 1
                    return false
                }.crashes
            }
            #expect(findings > 0, "not found at any call of \(operation.rawValue)")
            return CrashSettings.report("planted, stops", fault.rawValue, findings, crashes)
        }
        for seed in 0..<fault.budget {
            do {
                try CrashHistory.run(seed: UInt64(seed)) { PlantedFileSystem($0, fault) }
            } catch {
                return CrashSettings.report("planted, seeds", fault.rawValue, 1, seed + 1)
            }
        }
        Issue.record("not found within \(fault.budget) seeds")
        CrashSettings.report("planted, seeds", fault.rawValue, 0, fault.budget)
    }
}
