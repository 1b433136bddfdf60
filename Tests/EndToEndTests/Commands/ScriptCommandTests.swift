// ScriptCommandTests.swift — scripts from the command line: what is refused leaves the script as it was.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct ScriptCommandTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
            for words in [
                ["model", "create", "m", "--point", "a:double"],
                ["product", "create", "meters", "--model", "m", "--format", "custom"],
                ["product", "create", "plain", "--model", "m"],
            ] { try sandbox.varve(words) }
        }

        private func script(_ body: String, _ name: String = "script.js") throws -> String {
            try sandbox.write(lines: ["function rawDataToJsonStr(bytes) {", body, "}"], name)
        }

        @Test(
            "a script that cannot be used is exit code 1 and one line, and the script that was there stays",
            arguments: [
                ("return {", "not JavaScript at line"), ("} throw new Error('top'); {", "top"),
                ("} for (;;); {", "too long"), ("} rawDataToJsonStr = 1; {", "no function"),
                ("return bytes.a.b", "at line 2: TypeError"), ("return 'no'", "not valid JSON"),
            ])
        func refused(body: String, reason: String) throws {
            let good = try script("return '{}'", "good.js")
            #expect(try sandbox.varve("script", "set", "meters", good).code == 0)
            let bad = try script(body)
            let ending = try sandbox.varve("script", "set", "meters", bad, "--payload", "01")
            #expect(ending.code == 1 && ending.errorLines.count == 1, "\(ending.errors)")
            #expect(ending.errors.contains(reason), "\(ending.errors)")
            let history = try sandbox.varve("script", "history", "meters", "--json").array()
            #expect(history.count == 1 && history.first?["version"] as? Int == 1)
        }

        @Test("a script that is missing, of a product of JSON, or not asked for is told")
        func missing() throws {
            for (words, code, reason) in [
                (["script", "test", "--product", "meters", "--payload", "01"], 1, "no script"),
                (["script", "show", "meters"], 1, "no script"),
                (["script", "rollback", "meters"], 1, "no script"),
                (["script", "show", "none"], 1, "none"),
                (["script", "test", "--payload", "01"], 2, "--script"),
                (["script", "test", "--product", "meters"], 2, "--payload"),
                (["script", "set", "meters", "missing.js"], 1, "missing.js"),
                (["script", "set", "plain", try script("return '{}'")], 1, "--format custom"),
            ] as [([String], Int32, String)] {
                let ending = try sandbox.varve(words)
                #expect(ending.code == code && ending.errorLines.count == 1, "\(words): \(ending.errors)")
                #expect(ending.errors.contains(reason), "\(words): \(ending.errors)")
            }
        }

        @Test("a payload may be a file of bytes, and the JSON of a version has its text")
        func payloadFile() throws {
            let file = try script("return bytes")
            let payload = try sandbox.write([0, 200, 255], "frame.bin")
            let ending = try sandbox.varve("script", "test", "--script", file, "--payload", payload)
            #expect(ending.code == 0 && ending.output == "[0,200,255]\n", "\(ending.errors)")
            #expect(try sandbox.varve("script", "set", "meters", file).code == 0)
            let shown = try sandbox.varve("script", "show", "meters", "--json")
            let object = try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: Any]
            #expect(
                object?["text"] as? String
                    == String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self))
            #expect(object?["version"] as? Int == 1 && object?["restores"] is NSNull, "\(shown.output)")
        }
    }
}
