// ScriptPaceTests.swift — a script that takes too long is refused for a while, and one that does not never is.

import Testing
import VarvePlatform

@testable import VarveScript

@Suite struct ScriptPaceTests {
    private static let second: Int64 = 1_000_000_000

    @Test("a script that keeps to 1 ms for each payload is never refused")
    func fast() {
        var pace = ScriptPace()
        for turn in 0..<1000 {
            pace.note(nanoseconds: 400_000_000, payloads: 400, now: Int64(turn))
            #expect(pace.allowance(now: Int64(turn)) == .allowed(ScriptPace.most) && pace.isForgotten)
        }
    }

    @Test("a script may take half of the time, and is refused once it has taken 2 s more")
    func slow() {
        var pace = ScriptPace()
        var now: Int64 = 0
        for _ in 0..<100 {
            now += Self.second
            pace.note(nanoseconds: Self.second / 2, payloads: 1, now: now)
        }
        #expect(pace.allowance(now: now) == .allowed(ScriptPace.most))
        var turns = 0
        while case .allowed = pace.allowance(now: now), turns < 100 {
            now += Self.second / 2
            pace.note(nanoseconds: Self.second / 2, payloads: 1, now: now)
            turns += 1
        }
        #expect((4...9).contains(turns), "\(turns)")
        #expect(pace.allowance(now: now) == .refused(5 * Self.second))
        #expect(pace.allowance(now: now + 5 * Self.second) == .allowed(ScriptPace.mostOnTrial))
    }

    @Test(
        "a script that is slow again on trial waits twice as long, at most 60 s; one that is not is as before"
    )
    func trial() {
        var pace = ScriptPace()
        var now: Int64 = 0
        pace.note(nanoseconds: 3 * Self.second, payloads: 1, now: now)
        for seconds: Int64 in [5, 10, 20, 40, 60, 60] {
            #expect(pace.allowance(now: now) == .refused(seconds * Self.second))
            now += seconds * Self.second
            pace.note(nanoseconds: 250_000_000, payloads: 1, now: now)
        }
        now += 60 * Self.second
        pace.note(nanoseconds: 1000, payloads: 1, now: now)
        #expect(pace == ScriptPace() || pace.isForgotten)
        #expect(pace.allowance(now: now) == .allowed(ScriptPace.most))
    }

    @Test("scripts that are slow at the same time are all refused after a few calls", arguments: [2, 4, 10])
    func several(count: Int) {
        var paces = Array(repeating: ScriptPace(), count: count)
        var now: Int64 = 0
        var total: Int64 = 0
        var calls = 0
        func refused() -> Int {
            paces.count { if case .refused = $0.allowance(now: now) { true } else { false } }
        }
        // One after another, so that the turns of the others pass time for each.
        for turn in 0..<(20 * count) where refused() < count {
            let number = turn % count
            guard case .allowed = paces[number].allowance(now: now) else { continue }
            now += Self.second / 2
            calls += 1
            let others = paces.indices.count { $0 != number && paces[$0].debt(now: now, total: total) > 0 }
            paces[number].note(
                nanoseconds: Self.second / 2, payloads: 1, now: now, total: &total, others: others)
        }
        #expect(refused() == count && calls <= 6 * count, "\(refused()) refused, \(calls) calls")
    }

    @Test("a script that always takes too long is refused, a changed one at once no more")
    func breaker() throws {
        let endless = ScriptFixture.decoder("for (;;);")
        let fixture = ScriptFixture()
        let text = Monitor(endless)
        let scripts = ProductScripts(fixture.pool) { _ in text.withLock { $0 } }
        var categories: [ScriptFailure.Category] = []
        while categories.last != .refused, categories.count < 400 {
            for case .failure(let failure) in try scripts.call(.decode, ofProduct: "p", [[1], [2], [3], [4]])
            {
                categories.append(failure.category)
            }
        }
        // How many calls it takes depends on the time between them, in which the script pays off its debt.
        #expect(Set(categories) == [.timeOut, .refused] && categories.count >= 10, "\(categories.count)")
        text.change { $0 = ScriptFixture.decoder("return [bytes[0]]") }
        #expect(try scripts.call(.decode, ofProduct: "p", [[7]]) == [.success(Array("[7]".utf8))])
    }

    @Test(
        "a call ends with the results that it has when its time or its bytes are used up, and has at least one"
    )
    func budget() throws {
        let slow = ScriptFixture.decoder(
            "var end = Date.now() + 20; while (Date.now() < end); return [bytes[0]]")
        let fixture = ScriptFixture()
        func count(_ script: String, _ payloads: Int, _ budget: CallBudget) throws -> Int {
            try fixture.pool.call(
                .decode, of: ParsingScript(product: "p", text: script),
                Array(repeating: [7], count: payloads), within: budget
            ).results.count
        }
        let done = try count(slow, 200, CallBudget(nanoseconds: 100_000_000))
        #expect((1...40).contains(done), "\(done)")
        #expect(try count(slow, 5, CallBudget(nanoseconds: 1)) == 5, "the first request is whole")
        let large = ScriptFixture.decoder("return JSON.stringify('x'.repeat(100000))")
        let few = try count(large, 200, CallBudget(bytes: 1_000_000))
        #expect((10...30).contains(few), "\(few)")
        #expect(try count(large, 3, CallBudget(bytes: 1)) >= 1)
    }
}

extension ScriptPace {
    /// Notes a call while no other script is slow.
    fileprivate mutating func note(nanoseconds: Int64, payloads: Int, now: Int64) {
        var total = notedTotal
        note(nanoseconds: nanoseconds, payloads: payloads, now: now, total: &total, others: 0)
    }
}
