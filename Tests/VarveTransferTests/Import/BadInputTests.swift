// BadInputTests.swift — inputs that are refused as a whole: one line that says what, where and what to do.

import Synchronization
import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveTransfer

@Suite struct BadInputTests {
    private static let row = "A,t,2024-05-01T12:00:00Z,1\n"

    @Test(
        "a bad header is refused with its reason and nothing is committed",
        arguments: [
            ("", "is empty"), ("\n\r\n", "is empty"), ("\u{FEFF}", "is empty"),
            ("device,time,value\n", "no column point"), ("point,value\n", "no column device, time"),
            ("device,point,time,value,extra,more\n", "unknown columns extra, more"),
            ("device,point,time,value,time\n", "column time twice"),
            ("Device,point,time,value\n", "no column device"),
            ("A,t,2024-05-01T12:00:00Z,1\n", "no column device, point, time, value"),
            ("\"device,point,time,value\n", "no readable header"), ("{\"device\":\"A\"}\n", "no column"),
        ])
    func headers(text: String, expected: String) throws {
        let fixture = try TransferFixture()
        let error = #expect(throws: ImportError.self) { try fixture.run(text + (text.isEmpty ? "" : "")) }
        let line = try #require(error?.description)
        #expect(line.contains(expected), "\(line)")
        #expect(line.contains("in.csv"))
        #expect(!line.contains("\n"))
        #expect(fixture.store.batches.isEmpty)
        #expect(try fixture.text("in.csv.rejected.csv") == nil)
    }

    @Test("a folder, a missing file and a file without permission are refused by name")
    func paths() throws {
        let fixture = try TransferFixture()
        let folder = #expect(throws: FileError.self) { try fixture.importer().importFile(fixture.folder) }
        #expect(folder?.description.contains("is a folder") == true)
        let missing = #expect(throws: FileError.self) {
            try fixture.importer().importFile(fixture.folder + "/none.csv")
        }
        #expect(missing?.description.contains("no such file") == true)
        #expect(fixture.store.batches.isEmpty)
    }

    @Test("a zero byte rejects its row; in the first line it refuses the file")
    func zeroBytes() throws {
        let fixture = try TransferFixture()
        let result = try fixture.run("device,point,time,value\nA,t,1,1\nA,t,2,\0\nA,t,3,3\n")
        #expect(result.receipt.accepted == 2)
        #expect(result.receipt.rejected == 1)
        let error = #expect(throws: ImportError.self) { try fixture.run("device\0,point,time,value\n") }
        #expect(error?.description.contains("its first line has zero bytes") == true)
    }

    @Test(
        "epochs of 1970 and hours written as ten digits are reported",
        arguments: [
            (["45413.5"], .firstYear), (["0", "1714564800"], nil), (["1714564800"], nil),
            (["20240132", "1"], .firstYear),
            (["2024050112", "2024050113"], .digits("2024050112")), (["2024050112", "2024059999"], nil),
            (["1970-05-01T00:00:00Z"], nil), (["-86400", "-1"], nil), (["31535999"], nil),
        ] as [([String], OddEpochs?)])
    func oddEpochs(times: [String], expected: OddEpochs?) throws {
        let fixture = try TransferFixture()
        let rows = times.map { "A,t,\($0),1\n" }.joined()
        #expect(try fixture.run("device,point,time,value\n" + rows).oddEpochs == expected)
    }

    @Test("integer times of two units are an error that asks for --time-unit")
    func mixedUnits() throws {
        let fixture = try TransferFixture()
        let text = "device,point,time,value\nA,t,1714564800,1\nA,t,1714564800000,2\n"
        let error = #expect(throws: ImportError.self) { try fixture.run(text) }
        #expect(error?.description.contains("--time-unit") == true)
        #expect(fixture.store.batches.isEmpty)
        let result = try fixture.run(text) { $0.timeUnit = .milliseconds }
        #expect(result.receipt.accepted == 2)
        #expect(result.timeUnit == "ms")
    }

    @Test(
        "a bad row is rejected with its reason, and the others are imported",
        arguments: [
            ("X,t,2024-05-01T12:00:00Z,1", "unknown device X"),
            ("A,x,2024-05-01T12:00:00Z,1", "unknown point x"),
            ("A,t,2024-05-01T12:00:00Z,abc", "point t is double, and \"abc\""),
            ("A,t,2024-05-01T12:00:00Z,1e999", "is not a number"),
            ("A,n,2024-05-01T12:00:00Z,1.5", "integer of 64"),
            ("A,b,2024-05-01T12:00:00Z,yes", "not true, false"),
            ("A,j,2024-05-01T12:00:00Z,{", "not valid JSON"),
            ("A,t,yesterday,1", "is not a time"), ("A,t,,1", "has no time"),
            ("A,t,2024-13-01T00:00:00Z,1", "does not exist"),
            ("A,t,2263-01-01T00:00:00Z,1", "is outside"), ("A,t,1600-01-01T00:00:00Z,1", "is outside"),
            ("A,t,2024-05-01T12:00:00.1234567891Z,1", "finer than a nanosecond"),
            (",t,2024-05-01T12:00:00Z,1", "no device"), ("A,,2024-05-01T12:00:00Z,1", "no point"),
            ("A,t,2024-05-01T12:00:00Z", "3 fields where the header has 4"),
            ("A,t,2024-05-01T12:00:00Z,1,2", "5 fields where the header has 4"),
            ("A,\"t\"x,2024-05-01T12:00:00Z,1", "follows a closing quote"),
            ("\(String(repeating: "D", count: 1025)),t,2024-05-01T12:00:00Z,1", "longer than 1024"),
        ])
    func rows(bad: String, expected: String) throws {
        let fixture = try TransferFixture()
        let result = try fixture.run("device,point,time,value\n\(bad)\n\(Self.row)")
        #expect(result.receipt.accepted == 1)
        #expect(result.receipt.rejected == 1)
        #expect(result.exitCode == 3)
        let reasons = try fixture.reasons()
        #expect(reasons.count == 1)
        #expect(reasons[0].contains(expected), "\(reasons[0])")
        let text = try #require(try fixture.text("in.csv.rejected.csv"))
        let head = "# varve rejected rows 1\n#rows,csv,\"device,point,time,value\"\n"
        #expect(text.hasPrefix(head + "line,reason,row\n2,"))
        #expect(text.contains(bad.replacing("\"", with: "\"\"")))
    }

    @Test("invalid UTF-8 is rejected in names and texts and never stored")
    func invalidUTF8() throws {
        let fixture = try TransferFixture()
        var bytes = Array("device,point,time,value\nA,s,2024-05-01T12:00:00Z,".utf8)
        bytes += [0xFF, 0x0A, 0xC0] + Array(",s,2024-05-01T12:00:00Z,1\n".utf8)
        let result = try fixture.importer().importFile(try fixture.write(bytes, "in.csv"))
        #expect(result.receipt.rejected == 2)
        #expect(try fixture.reasons().allSatisfy { $0.contains("not valid UTF-8") })
        #expect(try fixture.reasons().allSatisfy { $0.contains("--encoding latin-1") })
    }

    @Test("half a line at the end is rejected, a whole line without a line end is taken")
    func halfLine() throws {
        let fixture = try TransferFixture()
        let half = try fixture.run("device,point,time,value\n\(Self.row)A,t,2024-05-01T12:0")
        #expect(half.receipt.accepted == 1)
        #expect(try fixture.reasons()[0].contains("half a line"))
        let whole = try fixture.run("device,point,time,value\nA,t,2024-05-01T12:00:01Z,5")
        #expect(whole.receipt.accepted == 1)
        #expect(whole.exitCode == 0)
    }

    @Test("rows are rejected if the store has another type than the model")
    func storedType() throws {
        let fixture = try TransferFixture()
        let key = SeriesKey(product: "P", device: "A", point: "t")
        fixture.store.withState { $0.types[key] = .string }
        let result = try fixture.run("device,point,time,value\n\(Self.row)")
        #expect(result.receipt.rejected == 1)
        #expect(try fixture.reasons()[0].contains("varve model change"))
    }
}
