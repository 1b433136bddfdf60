// ReceiptTests.swift — what a receipt says is what the store holds.

import Testing

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
            "a file that was corrected since is replayed: nothing is applied, and the receipt says where it is"
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

        @Test(
            "rows past a retention rule are not stored and the receipt names the rule; without it they come")
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
