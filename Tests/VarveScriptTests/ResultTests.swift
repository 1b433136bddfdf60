// ResultTests.swift — what a function gets, and what it may return.

import Testing

@testable import VarveScript

@Suite struct ResultTests {
    private let fixture = ScriptFixture()

    @Test("bytes are a plain array of numbers from 0 to 255")
    func argument() throws {
        let script = ScriptFixture.decoder(
            "return JSON.stringify([Array.isArray(bytes), bytes.length, bytes.map(b => b.toString(16)), bytes])"
        )
        #expect(
            try fixture.decode(script, [0, 127, 128, 255])
                == #"[true,4,["0","7f","80","ff"],[0,127,128,255]]"#)
        #expect(try fixture.decode(script, []) == "[true,0,[],[]]")
    }

    @Test(
        "a text of JSON, an object or an array is a result",
        arguments: [
            ("return '{\"a\": 1}'", "{\"a\": 1}"),
            ("return {a: [1, 'ä', null], b: undefined}", #"{"a":[1,"ä",null]}"#),
            ("return [1.5, true]", "[1.5,true]"), ("return new String('{}')", #""{}""#),
            ("return {toJSON: () => ({n: 7})}", #"{"n":7}"#), ("return ' {} '", " {} "),
        ])
    func good(body: String, json: String) throws {
        #expect(try fixture.decode(ScriptFixture.decoder(body)) == json)
    }

    @Test(
        "what has no JSON is a failure, and the next payload is served",
        arguments: [
            ("return 'power 12'", "not-json"), ("return ''", "not-json"), ("return '{} x'", "not-json"),
            ("return '{\"a\":NaN}'", "not-json"), ("return {a: '\\ud83d'}", "not-json"),
            ("return '[' .repeat(100) + ']'.repeat(100)", "not-json"),
            ("return 12", "wrong-result"), ("return true", "wrong-result"), ("return null", "wrong-result"),
            ("", "wrong-result"), ("return Symbol('a')", "wrong-result"), ("return 1n", "wrong-result"),
            ("return () => 1", "wrong-result"), ("return Promise.resolve('{}')", "wrong-result"),
            ("const a = {}; a.a = a; return a", "threw"), ("return {a: 1n}", "threw"),
            ("throw new Error('no')", "threw"), ("throw 12", "threw"), ("return missing", "threw"),
            ("return 'x'.repeat(5 << 20)", "too-large"), ("return {a: 'ü'.repeat(3 << 20)}", "too-large"),
        ])
    func bad(body: String, category: String) throws {
        let script = ScriptFixture.decoder("if (bytes[0] == 0) return '{}'; \(body)")
        #expect(try fixture.decode(script, [[1], [0]]) == [category, "{}"])
    }

    @Test(
        "an array or a typed array of bytes is a result of encoding, with or without a sign",
        arguments: [
            "return [1, 255, 0]", "return [1, -1, 0]", "return new Uint8Array([1, 255, 0])",
            "return new Int8Array([1, -1, 0])", "return new Uint8Array([9, 1, 255, 0]).subarray(1)",
            "return new Float64Array([1, 255, 0])", "return Array.from(text).map(c => c.charCodeAt(0) - 48)",
        ])
    func bytes(body: String) throws {
        let text = String(decoding: [UInt8(49), 0xC4, 0xAF, 48], as: UTF8.self)
        #expect(try fixture.encode(ScriptFixture.encoder(body), text).get() == [1, 255, 0])
    }

    @Test(
        "everything else is not bytes",
        arguments: [
            ("return 'abc'", "wrong-result"), ("return [256]", "wrong-result"),
            ("return [1.5]", "wrong-result"),
            ("return ['1']", "wrong-result"), ("return [-129]", "wrong-result"),
            ("return [,1]", "wrong-result"),
            ("return {length: 1, 0: 1}", "wrong-result"), ("return new ArrayBuffer(2)", "wrong-result"),
            ("return null", "wrong-result"), ("const a = []; a.length = 4e9; return a", "too-large"),
            ("return new Uint8Array(5 << 20)", "too-large"),
            ("return new Proxy([], {get: () => -5})", "wrong-result"),
            ("return Object.defineProperty([], 0, {get() { throw 1 }})", "threw"),
        ])
    func notBytes(body: String, category: String) throws {
        guard case .failure(let failure) = try fixture.encode(ScriptFixture.encoder(body), "{}") else {
            Issue.record("\(body) is a result")
            return
        }
        #expect(failure.category.name == category, "\(failure)")
    }

    @Test(
        "the functions may have the names of Alibaba Cloud, which deal in objects; those of EnOS come first")
    func names() throws {
        let other = """
            const rawDataToProtocol = bytes => ({method: 'm', n: bytes.length});
            let protocolToRawData = json => [json.code];
            """
        #expect(try fixture.decode(other, [1, 2]) == #"{"method":"m","n":2}"#)
        #expect(try fixture.encode(other, #"{"code":7}"#).get() == [7])
        #expect(try fixture.failure(other.replacing("rawData", with: "x")).category == .noFunction)
        guard case .failure(let failure) = try fixture.encode(other, "{code:7}") else {
            Issue.record("no JSON was encoded")
            return
        }
        #expect(failure.category == .notJSON)
        let both = other + "function rawDataToJsonStr() { return '{\"enos\":1}' }"
        #expect(try fixture.decode(both) == #"{"enos":1}"#)
    }

    @Test("a script without a function to encode still decodes")
    func noEncoder() throws {
        let script = ScriptFixture.decoder("return '{}'")
        guard case .failure(let failure) = try fixture.encode(script, "{}") else {
            Issue.record("something was encoded")
            return
        }
        #expect(failure.category == .noFunction && failure.message.contains("jsonStrToRawData"), "\(failure)")
        #expect(try fixture.decode(script) == "{}")
    }

    @Test(
        "a script is refused when it is not JavaScript, has no function or throws as it begins, each with its line",
        arguments: [
            ("var a = 1;\nfunction rawDataToJsonStr( {", ScriptFailure.Category.syntax, 2),
            ("var a = 1;", .noFunction, nil), ("rawDataToJsonStr = 5", .noFunction, nil),
            ("", .noFunction, nil),
            ("\n\nnull.a\nfunction rawDataToJsonStr() {}", .threw, 3),
        ] as [(String, ScriptFailure.Category, Int?)])
    func refused(script: String, category: ScriptFailure.Category, line: Int?) throws {
        let failure = try #require(try fixture.pool.check(ParsingScript(product: "p", text: script)))
        #expect(failure.category == category && failure.line == line, "\(failure)")
        #expect(try fixture.decode(script, [[1], [2]]) == [category.name, category.name])
        let good = ScriptFixture.decoder("return '{}'")
        #expect(try fixture.pool.check(ParsingScript(product: "p", text: good)) == nil)
        #expect(try fixture.decode(good) == "{}")
    }

    @Test("a failure has the message and the line of what was thrown, in one bounded line")
    func messages() throws {
        let typeError = try fixture.failure(ScriptFixture.decoder("\n\n  return bytes.foo.bar;"))
        #expect(typeError.line == 3 && typeError.message.hasPrefix("TypeError: "), "\(typeError)")
        #expect(
            typeError.description.hasPrefix("the script threw an error at line 3: TypeError: "),
            "\(typeError)")
        let control = try fixture.failure(
            ScriptFixture.decoder("throw new Error('a\\n\\x1b[31m' + 'x'.repeat(1e6))"))
        #expect(control.message.hasPrefix(#"Error: a\n\u{1B}[31mx"#), "\(control)")
        #expect(control.message.count < 450)
        #expect(try fixture.failure(ScriptFixture.decoder("throw 'plain'")).line == nil)
    }
}
