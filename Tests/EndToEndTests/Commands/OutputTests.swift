// OutputTests.swift — outputs that are full, closed, or not a regular file.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct OutputTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
            let file = try sandbox.write(
                lines: ["device,point,time,value"]
                    + (0..<3000).map { "T1,p,\(1_700_000_000 + $0),\($0)" }, "a.csv")
            try #require(try sandbox.varve("import", "--register", file).code == 0)
        }

        private func shell(_ script: String) throws -> Ending {
            try sandbox.start(
                program: ["/bin/bash", "-c", script],
                environment: ["VARVE_DATA": sandbox.data, "varve": Installation.varve]
            ).wait()
        }

        @Test(
            "what cannot be written is an error, not a success",
            arguments: [
                "stats --json", "verify", "import --status", "device list", "query --device T1", "--help",
            ])
        func fullOutput(command: String) throws {
            let ending = try shell("\"$varve\" \(command) > /dev/full")
            #expect(ending.code == 1, "\(command)")
            #expect(
                ending.errorLines.count == 1 && ending.errors.contains("standard output"), "\(ending.errors)")
        }

        @Test(
            "a reader that stops early is not an error",
            arguments: ["export --format csv --out -", "query --device T1 --format csv", "--help"])
        func closedOutput(command: String) throws {
            let ending = try shell("set -o pipefail; \"$varve\" \(command) | head -n 1")
            #expect(ending.code == 0 && ending.errors.isEmpty, "\(command): \(ending.errors)")
        }

        @Test("an export goes through links and into pipes, and replaces neither")
        func exportTargets() throws {
            let script = """
                set -e
                cd "\(sandbox.path)"
                touch target.csv; ln -s target.csv link.csv
                "$varve" export --format csv --out link.csv --quiet > written
                test -L link.csv
                mkfifo pipe
                cat pipe > piped.csv &
                "$varve" export --format csv --out pipe --quiet > written
                wait
                test -p pipe
                cmp target.csv piped.csv
                wc -l < target.csv
                """
            let ending = try shell(script)
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(ending.output.trimmingCharacters(in: .whitespacesAndNewlines) == "3001")
        }

        @Test(
            "a name with a control or invisible character loses only its own rows",
            arguments: ["bad\u{7}name", "bad\u{202E}name", "\u{2066}bad\u{2069}", "b\u{200B}ad", "bad\u{9B}"])
        func controlCharacters(name: String) throws {
            let file = try sandbox.write(
                lines: ["device,point,time,value", "\"\(name)\",p,1700000000,1", "T2,p,1700000000,1"], "b.csv"
            )
            let ending = try sandbox.varve("import", "--register", "--json", file)
            #expect(ending.code == 3, "\(ending.errors)")
            let receipt = try ending.object()
            #expect(receipt["accepted"] as? Int == 1 && receipt["rejected"] as? Int == 1)
        }

        @Test(
            "a name with invisible characters is refused when it is created, and the error shows them")
        func invisibleNames() throws {
            #expect(try sandbox.varve("model", "create", "m", "--point", "p:double").code == 0)
            #expect(try sandbox.varve("product", "create", "k", "--model", "m").code == 0)
            for command in [
                ["model", "create", "x\u{202E}y"], ["model", "create", "n", "--point", "x\u{202E}y:double"],
                ["product", "create", "x\u{202E}y", "--model", "m"],
                ["device", "create", "x\u{202E}y", "--product", "k"],
                ["channel", "create", "x\u{202E}yz", "--product", "k"],
                ["query", "--device", "x\u{202E}y"], ["import", "x\u{202E}y.csv"],
            ] {
                let ending = try sandbox.varve(command)
                #expect(ending.code != 0 && ending.errorLines.count == 1, "\(command): \(ending.errors)")
                #expect(ending.errors.contains("x\\u{202E}y"), "\(ending.errors)")
                #expect(!ending.errors.unicodeScalars.contains("\u{202E}"), "\(ending.errors)")
            }
            #expect(
                try sandbox.varve("device", "create", "\u{6CC}\u{200C}\u{6CC}", "--product", "k").code == 0)
        }

        @Test("a key that also reads as product and device is refused, and the error says how to write it")
        func ambiguousName() throws {
            let file = try sandbox.write(
                lines: [
                    "product,device,point,time,value", "P1,d,p,1600000000,1", "P3,P1/d,p,1600000000,3",
                ], "c.csv")
            #expect(try sandbox.varve("import", "--register", file).code == 0)
            let ending = try sandbox.varve("query", "--device", "P1/d")
            #expect(ending.code == 1 && ending.errors.contains("P3/P1/d"), "\(ending.errors)")
            #expect(
                try sandbox.varve("query", "--device", "P3/P1/d", "--format", "csv").output.contains(",3,"))
        }
    }
}
