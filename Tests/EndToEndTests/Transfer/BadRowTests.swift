// BadRowTests.swift — a wrong row is rejected with its line and a reason, the others are stored: exit code 3.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct BadRowTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        private static let header = "device,point,time,value,quality"
        private static let good = "T1,p,2024-01-01T00:00:00Z,1.5,0"

        @Test(
            "one bad row among good ones is rejected with its line number, its text and a reason",
            arguments: [
                ("T1,p,2024-01-01T00:00:00Z,warm,0", "not a number"),
                ("T1,p,2024-01-01T00:00:00Z,0x10,0", "not a number"),
                ("T1,p,2024-01-01T00:00:00Z,\"1,5\",0", "not a number"),
                ("T1,p,2024-01-01T00:00:00Z,1e999,0", "not a number"),
                ("T1,p,2024-01-01T00:00:00Z,1,good", "quality"),
                ("T1,p,2024-01-01T00:00:00Z,1,1.5", "quality"),
                ("T1,p,2024-01-01T00:00:00Z,1,2147483648", "quality"),
                ("T1,p,,1,0", "no time"),
                (",p,2024-01-01T00:00:00Z,1,0", "no device"),
                ("T1,,2024-01-01T00:00:00Z,1,0", "no point"),
                ("T9,p,2024-01-01T00:00:00Z,1,0", "T9"),
                ("T1,q,2024-01-01T00:00:00Z,1,0", "q"),
                ("T1,p,2024-01-01T00:00:00Z,1", "4 fields"),
                ("T1,p,2024-01-01T00:00:00Z,1,0,x", "6 fields"),
                ("T1,p,2024-01-01T00:00:00Z,\"1\"2,0", "quote"),
                ("T1,p,yesterday,1,0", "not a time"), ("T1,p,2024-1-1T00:00:00Z,1,0", "not a time"),
                ("T1,p,2024-01,1,0", "not a time"), ("T1,p,01/02/2024 00:00:00,1,0", "not a time"),
                ("T1,p,2024-01-01T00Z,1,0", "not a time"),
                ("T1,p,2024-01-01T00:00:00  Z,1,0", "not a time"),
                ("T1,p,2024-01-01T00:00:00+1,1,0", "not a time"),
                ("T1,p,2024-01-01T00:00:00.Z,1,0", "not a time"),
                ("T1,p,1.5.5,1,0", "not a time"), ("T1,p,2024-01-01T00:00:00Zz,1,0", "not a time"),
                ("T1,p,2024-02-30T00:00:00Z,1,0", "does not exist"),
                ("T1,p,2023-02-29T00:00:00Z,1,0", "does not exist"),
                ("T1,p,2024-13-01T00:00:00Z,1,0", "does not exist"),
                ("T1,p,2024-01-01T24:00:01Z,1,0", "does not exist"),
                ("T1,p,2024-01-01T00:60:00Z,1,0", "does not exist"),
                ("T1,p,2024-01-01T00:00:00+25:00,1,0", "does not exist"),
                ("T1,p,2024-01-01T00:00:00.0000000001Z,1,0", "finer"),
                ("T1,p,1677-09-21T00:12:43Z,1,0", "outside"), ("T1,p,2262-04-11T23:47:17Z,1,0", "outside"),
                ("T1,p,0001-01-01T00:00:00Z,1,0", "outside"), ("T1,p,9999-12-31T23:59:59Z,1,0", "outside"),
            ])
        func rejected(row: String, reason: String) throws {
            try makeDevice()
            let file = try sandbox.write(
                lines: [Self.header, Self.good, row, Self.good.replacing("01T", with: "02T")], "a.csv")
            let ending = try sandbox.varve("import", "--json", file)
            #expect(ending.code == 3, "\(ending.errors)")
            let receipt = try ending.receipt()
            #expect(receipt["rejected"] == 1 && receipt["accepted"] == 2, "\(receipt)")
            let rejected = try String(contentsOfFile: file + ".rejected.csv", encoding: .utf8)
            let lines = rejected.split(separator: "\n")
            #expect(lines.count == 4 && lines[2] == "line,reason,row", "\(rejected)")
            #expect(lines.last?.hasPrefix("3,\"") == true, "\(rejected)")
            #expect(rejected.contains(reason), "\(rejected)")
            #expect(rejected.contains(row.replacing("\"", with: "\"\"")), "\(rejected)")
            #expect(try stored() == 2)
        }

        @Test("the first and the last time that can be stored are stored exactly")
        func extremeTimes() throws {
            let times = ["1677-09-21T00:12:43.145224192Z", "2262-04-11T23:47:16.854775807Z"]
            let file = try sandbox.write(lines: [Self.header] + times.map { "T1,p,\($0),1,0" }, "a.csv")
            #expect(try sandbox.varve("import", "--register", file).code == 0)
            let answer = try sandbox.varve("query", "--device", "T1", "--format", "csv").output
            #expect(answer == ([Self.header] + times.map { "T1,p,\($0),1,0" }).joined(separator: "\n") + "\n")
        }

        @Test("half a line at the end is rejected as such, and what comes before it is stored")
        func halfLine() throws {
            let file = try sandbox.write("\(Self.header)\n\(Self.good)\nT1,p,2024-01-0".utf8, "a.csv")
            let ending = try sandbox.varve("import", "--register", "--json", file)
            #expect(ending.code == 3)
            let rejected = try String(contentsOfFile: file + ".rejected.csv", encoding: .utf8)
            #expect(rejected.contains("3,\"half a line"), "\(rejected)")
            #expect(try stored() == 1)
        }

        @Test("a last line without a line end is whole")
        func noLineEnd() throws {
            let file = try sandbox.write("\(Self.header)\n\(Self.good)".utf8, "a.csv")
            #expect(try sandbox.varve("import", "--register", file).code == 0)
            #expect(try stored() == 1)
        }

        @Test("a byte order mark and CRLF line ends change nothing")
        func marks() throws {
            let plain = try sandbox.write(
                lines: [Self.header, Self.good, "T1,p,2024-01-02T00:00:00Z,2,"], "a.csv")
            #expect(try sandbox.varve("import", "--register", plain).code == 0)
            let text = try String(contentsOfFile: plain, encoding: .utf8)
            let marked = try sandbox.write("\u{FEFF}\(text.replacing("\n", with: "\r\n"))".utf8, "b.csv")
            let receipt = try sandbox.varve("import", "--json", marked).receipt()
            #expect(receipt["replayed"] == 2 && receipt["rows"] == 2, "\(receipt)")
        }

        @Test("a line longer than 1 MiB, zero bytes and invalid UTF-8 lose only their own rows")
        func strangeBytes() throws {
            let time = "2024-01-01T00:00:0"
            var bytes = Data("\(Self.header)\nT1,p,\(time)1Z,1,0\nT1,p,\(time)2Z,".utf8)
            bytes += Data(repeating: 0x37, count: 2 << 20) + Data(",0\nT1,p,\(time)3Z,3\0,0\nT".utf8)
            bytes += Data([0xC3, 0x28]) + Data(",p,\(time)4Z,4,0\nT1,p,\(time)5Z,".utf8)
            bytes += Data([0xFF]) + Data(",0\n\0\0\0\nT1,p,\(time)6Z,6,0\n".utf8)
            try makeDevice()
            let file = try sandbox.write(bytes, "a.csv")
            let ending = try sandbox.varve("import", "--json", file)
            #expect(ending.code == 3)
            let receipt = try ending.receipt()
            #expect(receipt["accepted"] == 2 && receipt["rejected"] == 5 && receipt.addsUp, "\(receipt)")
            let rejected = try Data(contentsOf: URL(fileURLWithPath: file + ".rejected.csv"))
            let text = String(decoding: rejected, as: UTF8.self)
            for line in ["\n3,\"", "\n4,\"", "\n5,\"", "\n6,\"", "\n7,\""] {
                #expect(text.contains(line), "\(line)")
            }
            #expect(rejected.count < 64 << 10)
        }

        @Test(
            "without --register an unknown device is rejected with the remedy; with it, text makes text points"
        )
        func registration() throws {
            let file = try sandbox.write(lines: [Self.header, Self.good], "a.csv")
            let ending = try sandbox.varve("import", "--json", file)
            #expect(ending.code == 3)
            let rejected = try String(contentsOfFile: file + ".rejected.csv", encoding: .utf8)
            #expect(rejected.contains("T1") && rejected.contains("--register"), "\(rejected)")
            #expect(try sandbox.varve("import", "--register", file).code == 0)
            // The rejected rows of the earlier run are removed, as nothing was rejected now.
            #expect(!FileManager.default.fileExists(atPath: file + ".rejected.csv"))
            // An import does not change a type that is registered.
            let late = try sandbox.write(lines: [Self.header, "T1,p,2024-01-03T00:00:00Z,text,0"], "b.csv")
            #expect(try sandbox.varve("import", "--register", late).code == 3)
            let reason = try String(contentsOfFile: late + ".rejected.csv", encoding: .utf8)
            #expect(reason.contains("varve model change"), "\(reason)")
        }

        private func makeDevice() throws {
            #expect(try sandbox.varve("model", "create", "m", "--point", "p:double").code == 0)
            #expect(try sandbox.varve("product", "create", "default", "--model", "m").code == 0)
            #expect(try sandbox.varve("device", "create", "T1", "--product", "default").code == 0)
        }

        private func stored() throws -> Int {
            try sandbox.varve("stats", "--json").object()["samples"] as? Int ?? -1
        }
    }
}
