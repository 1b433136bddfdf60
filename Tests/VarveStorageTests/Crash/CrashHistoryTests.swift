// CrashHistoryTests.swift — random histories on a disk that loses what was not synced, against the oracle.

import Testing

@testable import VarveStorage

@Suite struct CrashHistoryTests {
    /// Histories in all; VARVE_CRASH_SEEDS=100000 is the long form.
    private static let seeds = CrashSettings.seeds

    @Test("after any crash everything acknowledged is there, and nothing is there by half", arguments: 0..<10)
    func randomHistory(part: Int) {
        var crashes = 0
        for seed in stride(from: part, to: Self.seeds, by: 10) {
            do {
                crashes += try CrashHistory.run(seed: UInt64(seed)).crashes
            } catch {
                Issue.record("\(error)")
            }
        }
        CrashSettings.report("histories", "part \(part)", (Self.seeds + 9 - part) / 10, crashes)
        #expect(crashes > Self.seeds / 10)
    }

    @Test("a seed gives the same history each time")
    func repeatable() throws {
        for seed in UInt64(0)..<10 {
            #expect(try CrashHistory.run(seed: seed).actions == CrashHistory.run(seed: seed).actions)
        }
    }
}
