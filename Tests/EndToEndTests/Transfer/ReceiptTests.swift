// ReceiptTests.swift — a receipt agrees with what the store holds.

import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct ReceiptTests {
        private static let header = "device,point,time,value"
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        private func value() throws -> String {
            let ending = try sandbox.varve("query", "--device", "T1", "--format", "csv")
            return ending.output.split(separator: "\n").dropFirst().joined(separator: " ")
        }

        @Test(
            "a file that was corrected since its import is replayed: nothing is applied, and the receipt says where it is"
        )
        func replay() throws {
            let time = "2024-01-01T00:00:00Z"
            let first = try sandbox.write(lines: [Self.header, "T1,p,\(time),2"], "a.csv")
            let second = try sandbox.write(lines: [Self.header, "T1,p,\(time),3"], "b.csv")
            #expect(try sandbox.varve("import", "--register", first).code == 0)
            #expect(try sandbox.varve("import", second).code == 0)
            for isDry in [true, false] {
                let receipt = try sandbox.varve(["import", "--json", first] + (isDry ? ["--dry-run"] : []))
                    .receipt()
                #expect(receipt["replayed"] == 1 && receipt["identical"] == 0 && receipt.addsUp, "\(receipt)")
            }
            let again = try sandbox.varve("import", first)
            #expect(
                again.output.contains(
                    "replayed  1  imported before in commit 1, nothing applied; --reapply applies it"),
                "\(again.output)")
            #expect(try value() == "T1,p,\(time),3,")
            #expect(try sandbox.varve("import", "--json", "--reapply", first).receipt()["corrected"] == 1)
            #expect(try value() == "T1,p,\(time),2,")
        }

        @Test("rows are lines, samples are what the lines hold: more in a wide file, equal in a long one")
        func rowsAndSamples() throws {
            let wide = try sandbox.write(
                lines: [
                    "time,device,a,b,c", "2024-01-01T00:00:00Z,T1,1,2,3", "2024-01-02T00:00:00Z,T1,4,,6",
                    "never,T1,7,8,9",
                ], "wide.csv")
            let ending = try sandbox.varve("import", "--register", "--wide", "--json", wide)
            let receipt = try ending.receipt()
            #expect(receipt["rows"] == 3 && receipt["samples"] == 9 && receipt.addsUp, "\(ending.errors)")
            let long = try sandbox.write(
                lines: [Self.header, "T1,a,2024-01-03T00:00:00Z,1", "T1,a,2024-01-04T00:00:00Z,x"], "long.csv"
            )
            let other = try sandbox.varve("import", "--json", long).receipt()
            #expect(other["rows"] == 2 && other["samples"] == 2 && other.addsUp, "\(other)")
        }

        @Test("the receipt says why a new point is marked, and what to do")
        func newPoints() throws {
            func marked(_ values: [String]) throws -> Substring? {
                let rows = values.enumerated().map { "T1,p,2024-01-01T00:00:0\($0.offset)Z,\($0.element)" }
                let file = try sandbox.write(lines: [Self.header] + rows, "a.csv")
                let ending = try sandbox.varve("import", "--register", "--dry-run", file)
                return ending.output.split(separator: "\n").first { $0.hasPrefix("new points") }
            }
            let expected: [([String], String)] = [
                (["1", "2"], "p double"), (["on", "off", "No Data"], "p string"),
                (
                    ["1", "2", "No Data"],
                    #"p double (1 of 3 values are texts: rejected; --missing "No Data" if they mean no reading)"#
                ),
                (
                    ["1", "2", "20 %"],
                    #"p double (1 of 3 values are texts such as "20 %": rejected; write numbers as 1234.5)"#
                ),
                (
                    ["\"20,5\"", "\"21,5\""],
                    #"p string (2 of 2 values are texts that look like numbers, such as "20,5": "#
                        + "write numbers as 1234.5)"
                ),
                (["1", "a", "b"], "p string (1 of 3 values are numbers, kept as text)"),
                (["-", "-"], #"p string (only words for no reading, such as "-")"#),
                (["9007199254740993", "1.5"], "p string (no number type holds all its 2 numbers)"),
            ]
            for (values, text) in expected {
                let line = try marked(values)
                #expect(line?.hasSuffix("  " + text) == true, "\(line ?? "none")")
            }
            let json = try sandbox.write(
                (1...2).map { #"{"device":"T1","point":"p","time":\#($0),"value":"20.5"}"# + "\n" }.joined()
                    .utf8,
                "a.ndjson")
            let ending = try sandbox.varve("import", "--register", "--dry-run", json)
            #expect(
                ending.output.contains(#"such as "20.5": write numbers without quotes"#), "\(ending.output)")
            let days = try sandbox.write(lines: ["device,point,time,value", "T1,q,45413.5,1"], "days.csv")
            let told = try sandbox.varve("import", "--register", "--dry-run", days)
            #expect(told.errors.contains("times of 1970"), "\(told.errors)")
        }

        @Test(
            "rows too old for a rule are not stored, and the receipt names it; without the rule they are stored"
        )
        func expired() throws {
            let old = try sandbox.write(
                lines: [Self.header, "T1,p,2001-01-01T00:00:00Z,1", "T1,p,2100-01-01T00:00:00Z,2"], "old.csv")
            let first = try sandbox.write(lines: [Self.header, "T1,p,2100-01-02T00:00:00Z,3"], "first.csv")
            #expect(try sandbox.varve("import", "--register", first).code == 0)
            let rule = ["retention", "set", "--product", "default", "--keep"]
            #expect(try sandbox.varve(rule + ["2y"]).code == 0)
            for options in [["--dry-run"], []] {
                let receipt = try sandbox.varve(["import", "--json", old] + options).receipt()
                #expect(receipt["expired"] == 1 && receipt["accepted"] == 1 && receipt.addsUp, "\(receipt)")
            }
            let again = try sandbox.varve("import", old)
            #expect(again.code == 0 && again.output.contains("product default keeps 2y"), "\(again.output)")
            #expect(again.output.contains("replayed  1  imported before in commit 2"), "\(again.output)")
            #expect(try value() == "T1,p,2100-01-01T00:00:00Z,2, T1,p,2100-01-02T00:00:00Z,3,")
            #expect(try sandbox.varve(rule + ["forever"]).code == 0)
            let receipt = try sandbox.varve("import", "--json", old).receipt()
            #expect(receipt["accepted"] == 1 && receipt["identical"] == 1 && receipt.addsUp, "\(receipt)")
            #expect(try value().hasPrefix("T1,p,2001-01-01T00:00:00Z,1,"))
        }
    }
}
