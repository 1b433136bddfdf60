// IsolationTests.swift — whatever a script does ends in a failure of its payload, and the next payload is served.

import Foundation
import Testing
import VarveFile

@testable import VarveScript

@Suite struct IsolationTests {
    /// Limits at which a test of memory takes little of it, and is not ended for its time.
    private static var smallMemory: ScriptLimits {
        var limits = ScriptLimits()
        limits.memoryBytes = 160 << 20
        limits.milliseconds = 10_000
        return limits
    }

    @Test(
        "a script that runs too long ends, and the payloads before and after it have their results",
        arguments: [
            "while (true) {}", "for (;;) { try { throw 1 } catch (e) {} finally { continue } }",
            "return {get a() { for (;;); }}", "return {toJSON() { for (;;); }}",
            "throw {toString() { for (;;); }}", "return new Proxy({}, {ownKeys() { for (;;); }})",
        ])
    func endless(body: String) throws {
        let script = ScriptFixture.decoder("if (bytes[0] == 0) return [bytes[1]]; \(body)")
        let fixture = ScriptFixture()
        #expect(
            try fixture.decode(script, [[0, 1], [0, 2], [9], [0, 3]]) == ["[1]", "[2]", "time-out", "[3]"])
        #expect(try fixture.decode(script, [[0, 4]]) == ["[4]"])
    }

    @Test("a script that never finishes loading is refused")
    func endlessLoading() throws {
        var limits = ScriptLimits()
        limits.milliseconds = 50
        let fixture = ScriptFixture(limits: limits)
        #expect(try fixture.decode("while (true) {}", [[1], [2]]) == ["time-out", "time-out"])
        #expect(try fixture.decode(ScriptFixture.decoder("return '{}'")) == "{}")
    }

    @Test(
        "a script that takes too much memory ends, by small pieces or in one call of the engine",
        arguments: [
            "const all = []; for (;;) all.push(new Array(1000).fill(all.length))",
            "const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1))",
            "new Uint8Array(400 << 20).fill(1)",
            "let a = 'ab'; for (;;) { a += a; a.charCodeAt(a.length - 1) }",
        ])
    func memory(body: String) throws {
        let script = ScriptFixture.decoder("if (bytes[0] == 0) return '{}'; \(body)")
        let results = try ScriptFixture(limits: Self.smallMemory).decode(script, [[0], [1], [0]])
        // A text or an array that the engine itself refuses is an error that the script could catch.
        #expect(
            results[0] == "{}" && ["memory", "threw"].contains(results[1]) && results[2] == "{}", "\(results)"
        )
        if !body.contains("'ab'") { #expect(results[1] == "memory") }
    }

    @Test("memory that a script keeps from payload to payload is no failure of a payload")
    func leak() throws {
        let script =
            "const all = []; "
            + ScriptFixture.decoder(
                "all.push(new Uint8Array(30 << 20).fill(1)); return [bytes[0]]")
        let payloads = (0..<12).map { [UInt8($0)] }
        let results = try ScriptFixture(limits: Self.smallMemory).decode(script, payloads)
        #expect(results == (0..<12).map { "[\($0)]" })
    }

    @Test(
        "endless recursion is an error of the script, not the end of its process",
        arguments: [
            "function f(n) { return f(n + 1) + 1 } return f(0)",
            "const f = () => { try { f() } finally { f() } }; f()",
            "const a = {get b() { return a.b }}; return a.b",
            "return {toJSON() { return JSON.stringify(this) }}",
            "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a",
        ])
    func recursion(body: String) throws {
        let script = ScriptFixture.decoder("if (bytes[0] == 0) return '{}'; \(body)")
        let fixture = ScriptFixture()
        #expect(try fixture.decode(script, [0]) == "{}")
        let before = try #require(fixture.pool.idleProcesses["p"])
        let failure = try fixture.failure(script)
        let isExpected = failure.message.hasPrefix("RangeError") || failure.category == .timeOut
        #expect(isExpected || failure.category == .notJSON, "\(failure)")
        #expect(try fixture.decode(script, [0]) == "{}")
        if failure.category != .timeOut { #expect(fixture.pool.idleProcesses["p"] == before) }
    }

    @Test(
        "getters and conversions that throw are failures",
        arguments: [
            "return {get a() { throw new Error('get') }}", "return {toJSON() { throw new Error('json') }}",
            "throw {toString() { throw 1 }}",
            "throw {get message() { throw 1 }, toString: null, valueOf: null}",
            "throw Object.defineProperty(new Error('a'), 'message', {get() { throw 1 }})",
            "throw Object.create(null)", "throw new Proxy(new Error('p'), {get() { throw 1 }})",
            "throw Symbol('s')",
            "return new Proxy([], {get() { throw new Error('trap') }})", "throw undefined", "throw null",
            "const r = Proxy.revocable({}, {}); r.revoke(); return r.proxy",
        ])
    func throwing(body: String) throws {
        let script = ScriptFixture.decoder("if (bytes[0] == 0) return '{}'; \(body)")
        let fixture = ScriptFixture()
        #expect(try fixture.decode(script, [[0], [1], [0]]) == ["{}", "threw", "{}"])
    }

    @Test("what a payload does to the prototypes does not change the failure of the next one")
    func prototypes() throws {
        let script = ScriptFixture.decoder(
            """
            switch (bytes[0]) {
            case 0: return {a: 1};
            case 1: null.a;
            case 2: throw new TypeError('own');
            }
            for (const c of [Error, TypeError, RangeError, Object, Array, Function, String, Promise]) {
                for (const n of ['toString', 'message', 'name', 'line', 'valueOf', 'toJSON', 'constructor']) {
                    try { c.prototype[n] = () => { throw 'stolen' } } catch (e) {}
                }
                try { Object.defineProperty(c, Symbol.hasInstance, {value: () => true}) } catch (e) {}
            }
            Object.defineProperty(Object.prototype, 'line', {get() { return 99 }, configurable: true});
            Object.prototype.hasOwnProperty = () => true;
            Array.prototype[Symbol.iterator] = JSON.stringify = JSON.parse = Object.keys = undefined;
            delete Object.prototype.toJSON;
            globalThis.rawDataToJsonStr = () => 'stolen';
            return '{}';
            """)
        let fixture = ScriptFixture()
        let before = try fixture.failure(script, [1])
        #expect(before.message.hasPrefix("TypeError: ") && before.line == 3, "\(before)")
        #expect(try fixture.decode(script, [[9], [0]]) == ["{}", #"{"a":1}"#])
        #expect(try fixture.failure(script, [1]) == before)
        #expect(try fixture.failure(script, [2]).message == "TypeError: own")
    }

    @Test("a script keeps its variables from payload to payload, until its process ends")
    func state() throws {
        let script =
            "let count = 0; " + ScriptFixture.decoder("if (bytes[0] == 9) for (;;); return [++count]")
        let fixture = ScriptFixture()
        #expect(try fixture.decode(script, [[1], [1], [1]]) == ["[1]", "[2]", "[3]"])
        #expect(try fixture.decode(script, [[1], [9], [1]]) == ["[4]", "time-out", "[1]"])
    }

    @Test("a script has no means to reach files, the network, other programs or timers")
    func globals() throws {
        let script = ScriptFixture.decoder(
            """
            const names = ['require', 'process', 'fetch', 'XMLHttpRequest', 'load', 'read', 'print', 'Deno',
                'setTimeout', 'setInterval', 'SharedArrayBuffer', 'WebAssembly', 'Worker', 'importScripts', '$vm'];
            return names.filter(n => typeof globalThis[n] !== 'undefined');
            """)
        #expect(try ScriptFixture().decode(script) == "[]")
        let console = ScriptFixture.decoder("console.log('a'); console.error(bytes); return '{}'")
        #expect(try ScriptFixture().decode(console) == "{}")
        let zone = ScriptFixture.decoder(
            "return [new Date(2024, 6, 1).toISOString(), new Date(0).getHours()]")
        #expect(try ScriptFixture().decode(zone) == #"["2024-07-01T00:00:00.000Z",0]"#)
    }

    @Test("the process of a script is confined: filtered calls, no new rights, no descriptor of the service")
    func confined() throws {
        let fixture = ScriptFixture()
        #expect(try fixture.decode(ScriptFixture.decoder("return '{}'")) == "{}")
        let id = try #require(fixture.pool.idleProcesses["p"])
        let files = POSIXFileSystem()
        func text(_ name: String) throws -> String {
            let file = try files.open("/proc/\(id)/\(name)", .read)
            defer { file.close() }
            return String(decoding: try file.readToEnd(limit: 1 << 16), as: UTF8.self)
        }
        let status = try text("status")
        #expect(status.contains("\nSeccomp:\t2\n") && status.contains("\nNoNewPrivs:\t1\n"), "\(status)")
        for thread in try files.list("/proc/\(id)/task") {
            #expect(try text("task/\(thread)/status").contains("\nSeccomp:\t2\n"))
        }
        let limits = try text("limits")
        func limit(_ name: String) -> [Substring] {
            limits.split(separator: "\n").first { $0.hasPrefix(name) }?.dropFirst(26).split(separator: " ")
                ?? []
        }
        #expect(limit("Max open files").prefix(2) == ["1", "1"], "\(limits)")
        #expect(limit("Max file size").prefix(2) == ["0", "0"] && limit("Max core file size").first == "0")
        // Only root may look at the descriptors of a process that hides its memory.
        guard geteuid() == 0 else { return }
        let targets = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd").map {
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/fd/\($0)")
        }
        let known = ["socket:", "/proc/\(id)/statm", "/dev/urandom", "anon_inode:[eventfd]"]
        #expect(targets.allSatisfy { target in known.contains { target.hasPrefix($0) } }, "\(targets)")
        #expect(targets.count { $0.hasPrefix("socket:") } == 1)
    }
}
