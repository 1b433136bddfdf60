// DeathRecordTests.swift — when a service that dies is started again, and when it no longer is.

import Testing

@testable import varve

@Suite struct DeathRecordTests {
    private static let second: Int64 = 1_000_000_000

    @Test("waits double from death to death, and the fifth within a minute is the last")
    func limit() {
        var deaths = DeathRecord()
        let waits = (0..<5).map { deaths.record(at: $0 * Self.second) }
        #expect(waits == [100, 200, 400, 800, nil])
    }

    @Test("deaths that are a minute old no longer count")
    func oldDeaths() {
        var deaths = DeathRecord()
        for moment in 0..<4 { _ = deaths.record(at: Int64(moment) * Self.second) }
        let at60 = deaths.record(at: 60 * Self.second)
        #expect(at60 == 800, "the first has passed")
        let at62 = deaths.record(at: 62 * Self.second)
        #expect(at62 == 400)
        let later = deaths.record(at: 1000 * Self.second)
        #expect(later == 100)
    }
}
