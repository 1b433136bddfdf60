// ScriptPoolTests.swift — processes are few, warm, replaced when they end, and gone with the pool.

import Glibc
import Testing
import VarvePlatform

@testable import VarveScript

@Suite struct ScriptPoolTests {
    private static let echo = ScriptFixture.decoder("return bytes")

    @Test("a process stays as long as its script stays the same")
    func warm() throws {
        let fixture = ScriptFixture()
        #expect(try fixture.decode(Self.echo, [[1]]) == ["[1]"])
        let first = try #require(fixture.pool.idleProcesses["p"])
        #expect(try fixture.decode(Self.echo, [[2]]) == ["[2]"])
        #expect(fixture.pool.idleProcesses["p"] == first)
        #expect(try fixture.decode(Self.echo + ";", [[3]]) == ["[3]"])
        let second = try #require(fixture.pool.idleProcesses["p"])
        #expect(second != first && kill(first, 0) == -1)
    }

    @Test("products have processes of their own; the least recently used one ends for a new one")
    func leastRecentlyUsed() throws {
        let fixture = ScriptFixture(processes: 2)
        for product in ["a", "b", "a", "c"] {
            #expect(try fixture.decode(Self.echo, [[1]], product: product) == ["[1]"])
        }
        #expect(fixture.pool.idleProcesses.keys.sorted() == ["a", "c"])
        #expect(Set(fixture.pool.idleProcesses.values).count == 2)
    }

    @Test("a process that is killed is replaced, and every payload has its result")
    func killed() throws {
        let fixture = ScriptFixture()
        #expect(try fixture.decode(Self.echo, [[1]]) == ["[1]"])
        kill(try #require(fixture.pool.idleProcesses["p"]), SIGKILL)
        let payloads = (0..<100).map { [UInt8($0)] }
        #expect(try fixture.decode(Self.echo, payloads) == (0..<100).map { "[\($0)]" })
    }

    @Test("a process that is killed in the middle of a call is replaced, and every payload has its result")
    func killedWhileBusy() throws {
        let fixture = ScriptFixture()
        #expect(try fixture.decode(Self.echo, [[1]]) == ["[1]"])
        let id = try #require(fixture.pool.idleProcesses["p"])
        let killer = try WorkerThread {
            SystemClock.sleep(nanoseconds: 20_000_000)
            kill(id, SIGKILL)
        }
        let payloads = (0..<3000).map { _ in [UInt8](repeating: 7, count: 500) }
        let results = try fixture.results(.decode, Self.echo, payloads)
        killer.join()
        #expect(results.count == 3000)
        #expect(results.allSatisfy { (try? $0.get()) == (try? results[0].get()) })
    }

    @Test("many threads use few processes, and each gets its own results")
    func threads() throws {
        let fixture = ScriptFixture(processes: 2)
        let wrong = Monitor(0)
        let threads = try (0..<6).map { number in
            try WorkerThread {
                for round in 0..<5 {
                    let payloads = (0..<20).map { [UInt8(number), UInt8(round), UInt8($0)] }
                    let results = try? fixture.decode(Self.echo, payloads, product: "p\(number % 3)")
                    let expected = payloads.map { "[\($0[0]),\($0[1]),\($0[2])]" }
                    if results != expected { wrong.change { $0 += 1 } }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(wrong.withLock { $0 } == 0)
        #expect(fixture.pool.idleProcesses.count <= 2)
    }

    @Test("a payload of the largest size is decoded, a larger one is refused, and so is a script")
    func sizes() throws {
        // A build for debugging is slower than the limit of time foresees.
        var limits = ScriptLimits()
        limits.milliseconds = 5000
        let fixture = ScriptFixture(limits: limits)
        let largest = [UInt8](repeating: 1, count: fixture.pool.limits.payloadBytes)
        let script = ScriptFixture.decoder("return [bytes.length, bytes[bytes.length - 1]]")
        #expect(
            try fixture.decode(script, [largest, largest + [1], [1]]) == [
                "[1048576,1]", "too-large", "[1,1]",
            ])
        let comment =
            "//" + String(repeating: "x", count: fixture.pool.limits.scriptBytes - script.utf8.count - 3)
        #expect(try fixture.decode(comment + "\n" + script) == "[1,1]")
        #expect(try fixture.decode(comment + "\n\n" + script) == "too-large")
        let table = "const t = [" + (0..<150_000).map { "\($0)" }.joined(separator: ",") + "]; "
        #expect(table.utf8.count > 900_000)
        #expect(try fixture.decode(table + ScriptFixture.decoder("return [t[149999]]")) == "[149999]")
    }

    @Test("scripts by products follow what is told, and a product without one has a failure that says so")
    func products() throws {
        let fixture = ScriptFixture()
        let scripts = Monitor(["a": ScriptFixture.decoder("return [1]")])
        let products = ProductScripts(fixture.pool) { product in scripts.withLock { $0[product] } }
        func decode(_ product: String) throws -> [Result<[UInt8], ScriptFailure>] {
            try products.call(.decode, ofProduct: product, [[7], [8]])
        }
        #expect(try decode("a") == [.success(Array("[1]".utf8)), .success(Array("[1]".utf8))])
        scripts.change { $0["a"] = ScriptFixture.decoder("return [2]") }
        #expect(try decode("a") == [.success(Array("[2]".utf8)), .success(Array("[2]".utf8))])
        for result in try decode("b") {
            #expect(
                throws: ScriptFailure(.noScript, "the product has no script: set one with varve script set")
            ) {
                try result.get()
            }
        }
    }

    @Test("an ended pool has no processes, and says that it has ended")
    func ended() throws {
        let fixture = ScriptFixture()
        #expect(try fixture.decode(Self.echo, [[1]]) == ["[1]"])
        let id = try #require(fixture.pool.idleProcesses["p"])
        fixture.pool.end()
        #expect(kill(id, 0) == -1 && fixture.pool.idleProcesses.isEmpty)
        #expect(throws: LaunchFailure.self) { try fixture.decode(Self.echo, [[1]]) }
    }

    @Test("a runner that is missing, or another program, is a failure to launch")
    func noRunner() {
        for path in ["/nonexistent/runner", "/bin/true"] {
            let pool = ScriptPool(path)
            #expect(throws: LaunchFailure.self) {
                try pool.check(ParsingScript(product: "p", text: Self.echo))
            }
        }
    }
}
