// RoundTripTests.swift — an export of one store, imported into an empty one, gives the same digest.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct RoundTripTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        @Test("points of every type keep it and their values", arguments: ["csv", "ndjson"])
        func types(format: String) throws {
            #expect(
                try sandbox.varve(
                    "model", "create", "M", "--point", "s:string", "--point", "b:bool", "--point", "n:int64",
                    "--point", "j:json", "--point", "d:double:quality"
                ).code == 0)
            #expect(try sandbox.varve("product", "create", "default", "--model", "M").code == 0)
            #expect(try sandbox.varve("device", "create", "A", "--product", "default").code == 0)
            let values = [
                ("s", ["1.10", "No Data", "\"null\"", "\"\"", "\"a,\"\"b\"\"\"", "NA"]),
                ("b", ["1", "false"]),
                ("n", ["5", "-9223372036854775808"]), ("j", ["\"{\"\"a\"\":1.50}\"", "true", "\"[]\""]),
                ("d", ["nan", "-0", "9007199254740994", "1e-300", "-inf", ""]),
            ]
            let rows = values.flatMap { point, texts in
                texts.enumerated().map { "A,\(point),2024-01-0\($0.offset + 1)T00:00:00Z,\($0.element),7" }
            }
            let file = try sandbox.write(lines: ["device,point,time,value,quality"] + rows, "a.csv")
            #expect(try sandbox.varve("import", file).code == 0)
            let out = "\(sandbox.path)/out.\(format)"
            #expect(try sandbox.varve("export", "--format", format, "--out", out).code == 0)
            let digest = try sandbox.varve("digest", "--by", "series", "--format", "csv").output
            let second = "\(sandbox.path)/second"
            let ending = try sandbox.varve(["import", "--register", "--quiet", out], data: second)
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(
                try sandbox.varve(["digest", "--by", "series", "--format", "csv"], data: second).output
                    == digest)
            #expect(digest.split(separator: "\n").count == 6)
            let again = "\(sandbox.path)/again.\(format)"
            #expect(
                try sandbox.varve(["export", "--format", format, "--out", again], data: second).code == 0)
            #expect(FileManager.default.contentsEqual(atPath: out, andPath: again))
        }

        @Test("events of one time unite in any order of files, and an export brings them and attributes back")
        func events() throws {
            let header = "device,point,time,value,type"
            let event = "A,$event/alarm,2024-01-01T00:00:0"
            let first = try sandbox.write(
                lines: [
                    header, event + #"0Z,"[{""b"":2, ""a"":1},7]",json"#, event + #"1Z,"[""x""]",json"#,
                    #"A,$attribute/owner,2024-01-01T00:00:00Z,"""ada""",json"#,
                ], "first.csv")
            let second = try sandbox.write(
                lines: [
                    header, event + #"0Z,"[7,{""a"":1,""b"":3}]",json"#, event + #"2Z,[null],json"#,
                    #"A,$attribute/owner,2024-01-02T00:00:00Z,{},json"#,
                ], "second.csv")
            let stores = ["one", "two", "three"].map { "\(sandbox.path)/\($0)" }
            func run(_ store: Int, _ arguments: String...) throws -> String {
                let ending = try sandbox.varve(arguments, data: stores[store])
                #expect(ending.code == 0, "\(ending.errors)")
                return ending.output
            }
            for (store, files) in [(0, [first, second]), (1, [second, first])] {
                for file in files { _ = try run(store, "import", "--register", "--quiet", file) }
            }
            let digest = try run(0, "digest")
            #expect(try run(1, "digest") == digest)
            let rows = try run(0, "query", "--device", "A", "--event", "alarm", "--format", "ndjson")
            #expect(rows.split(separator: "\n").count == 5 && rows.contains(#""content":{"a":1,"b":3}"#))
            let repeated = try run(0, "import", "--reapply", "--json", first)
            #expect(repeated.contains(#""accepted":0,"identical":3,"corrected":0"#), "\(repeated)")
            for format in ["csv", "ndjson"] {
                let out = "\(sandbox.path)/out.\(format)"
                _ = try run(0, "export", "--format", format, "--out", out)
                let joined = try run(2, "import", "--register", "--json", out)
                #expect(joined.contains(#""corrected":0"#))
                #expect(try run(2, "digest") == digest)
            }
        }

        @Test(
            "a NaN with a sign stops the export with one line, and is written with the option that names the loss"
        )
        func loss() throws {
            let file = try sandbox.write(
                lines: ["device,point,time,value", "A,p,2024-01-01T00:00:00Z,-nan"], "a.csv")
            #expect(try sandbox.varve("import", "--register", file).code == 0)
            let refused = try sandbox.varve("export", "--format", "csv", "--out", "-")
            #expect(refused.code == 1 && refused.output.isEmpty)
            #expect(refused.errorLines.count == 1 && refused.errors.contains("--allow-loss nan-payload"))
            let allowed = try sandbox.varve(
                "export", "--format", "csv", "--out", "-", "--allow-loss", "nan-payload")
            #expect(allowed.code == 0)
            #expect(allowed.output.lowercased().contains("z,nan,"))
            #expect(allowed.errors.contains("nan-payload: 1 samples"))
        }
    }
}
