// RegisterTests.swift — the types, products and devices that `--register` creates.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveTransfer

@Suite struct RegisterTests {
    private func type(_ values: [String], wide: Bool = false) throws -> ValueType? {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let rows = values.enumerated().map { "D,p,\(1_714_564_800 + $0.offset),\($0.element)\n" }
        let result = try fixture.run("device,point,time,value\n" + rows.joined()) { $0.registers = true }
        #expect(result.receipt.rejected == 0 || result.newPoints.first?.isMixed == true)
        return fixture.directory.type("default", "p")
    }

    @Test(
        "a new point gets the type that holds all its values exactly",
        arguments: [
            (["1", "2.5"], .double), (["1", "2"], .double), (["nan", "1e5", "-inf"], .double),
            (["9007199254740992"], .double), (["9007199254740993", "1"], .int64),
            (["9007199254740993", "1.5"], .string), (["9223372036854775808"], .string),
            (["1", "x"], .double), (["1", "x", "y"], .string), (["20.5", "No Data", "21.5"], .double),
            (["n/a", "Bad Input", "5"], .double), (["n/a", " unavailable "], .string),
            (["-", "on", "off"], .string), (["-", "9007199254740993"], .int64),
            (["true"], .string), (["", "null", "1"], .double), (["", ""], .double),
            (["\"\"", "\"null\""], .string),
            (["\"\"", "1"], .double), (["\"1\"", "\"2\""], .double), (["\"\"", "x"], .string),
        ] as [([String], ValueType)])
    func types(values: [String], expected: ValueType) throws {
        #expect(try type(values) == expected)
    }

    @Test("a row with a name that nothing can register is rejected with the reason")
    func inadmissibleNames() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let result = try fixture.run(
            "device,point,time,value\n\"a\tb\",p,1714564800,1\nD,\"p\u{1}\",1714564800,1\nD,p,1714564800,1\n"
        ) { $0.registers = true }
        #expect(result.receipt.accepted == 1 && result.receipt.rejected == 2)
        let first = try #require(result.firstRejected)
        #expect(first.line == 2 && first.reason.hasPrefix("device \"a"), "\(first.reason)")
        #expect(first.reason.contains("has a control character"))
    }

    @Test("points and given types that are the same to Unicode are apart")
    func alikeNames() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let names = ["\u{E9}", "e\u{301}", "\u{E8}", "e\u{300}"]
        let rows = zip(names, ["1", "on", "2", "3"]).enumerated().map { number, row in
            "\(row.0),\(row.0),\(1_714_564_800 + number),\(row.1)\n"
        }
        let result = try fixture.run("device,point,time,value\n" + rows.joined()) {
            $0.registers = true
            $0.types = [Name(names[3]): .string]
        }
        #expect(result.receipt.accepted == 4 && result.receipt.rejected == 0)
        let types = names.map { fixture.directory.type("default", $0) }
        #expect(types == [.double, .string, .double, .string])
        #expect(fixture.directory.registrations[0].devices.count == 4)
    }

    @Test(
        "a point is marked if values are lost or numbers become text, but not for texts beside words",
        arguments: [
            (["run", "No Data", "stop"], false), (["n/a", "-"], true), (["1", "No Data"], true),
            (["1", "a", "b"], true), (["1", "2", "a"], true),
            (["9007199254740993", "1.5"], true), (["20.5", "18446744073709551615"], true),
            (["9007199254740993", "1"], false), (["on", "off"], false),
        ] as [([String], Bool)])
    func markedText(values: [String], expected: Bool) throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let rows = values.enumerated().map { "D,p,\(1_714_564_800 + $0.offset),\($0.element)\n" }
        let result = try fixture.run("device,point,time,value\n" + rows.joined()) { $0.registers = true }
        #expect(result.newPoints.first?.isMixed == expected)
        #expect(result.receipt.rejected == 0 || expected)
    }

    @Test(
        "a text point whose texts look like numbers is reported with the first of them",
        arguments: [
            "\"20,5\"", "\"1,234.5\"", "\"1.234,5\"", "1 234", "1'234.5", "1\u{A0}234", "20.5 kW", "12 %",
            "12%",
            "   20.5", "7 ", "\u{2212}5", "\"+20,5\"", "\",5\"", "35 m3/h", "\"1,5E+03\"",
        ])
    func numberLooks(value: String) throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let rows = ["No Data", "ok", value, "8", value].enumerated().map {
            "D,p,\($0.offset),\($0.element)\n"
        }
        let result = try fixture.run("device,point,time,value\n" + rows.joined()) { $0.registers = true }
        let point = try #require(result.newPoints.first)
        #expect(point.type == .string && point.looksLikeNumbers)
        #expect(point.example == value.replacing("\"", with: ""))
        #expect([point.numbers, point.texts, point.words, point.numberLooks] == [1, 3, 1, 2])
        let line = result.jsonLine(seconds: 0)
        #expect(line.contains(#""numbers":1,"texts":3,"words":1,"numberLooks":2,"looksLikeNumbers":true"#))
    }

    @Test(
        "dates, times, addresses, versions and names do not look like numbers",
        arguments: [
            "2024-05-01", "10:30", "01.05.2024", "1.2.3", "192.168.0.1", "run", "0x1F", "20240501T12",
            "12h30",
            "00A3F", "12 34", "5 of 7", "3-5", "1/2", "-", ".", ",", "+",
        ])
    func otherTexts(value: String) throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let result = try fixture.run("device,point,time,value\nD,p,1,ok\nD,p,2,\"\(value)\"\n") {
            $0.registers = true
        }
        #expect(result.newPoints.map(\.looksLikeNumbers) == [false])
        #expect(result.newPoints.map(\.type) == [.string])
    }

    @Test("NDJSON numbers in quotes are reported, but not with a given type or with few such texts")
    func quotedNumbers() throws {
        let rows = (1...4).map { #"{"device":"D","point":"p","time":\#($0),"value":"20.5"}"# + "\n" }.joined()
        func looks(_ text: String, _ name: String, _ types: [Name: ValueType] = [:]) throws -> [String?] {
            let fixture = try TransferFixture(directory: FakeDirectory())
            let result = try fixture.run(text, name: name) {
                $0.registers = true
                $0.types = types
            }
            return result.newPoints.filter(\.looksLikeNumbers).map(\.example)
        }
        #expect(try looks(rows, "in.ndjson") == ["20.5"])
        #expect(try looks(rows, "in.ndjson", ["p": .string]).isEmpty)
        let texts = ["on", "off", "5 V"].enumerated().map { "D,p,\($0.offset),\($0.element)\n" }.joined()
        #expect(try looks("device,point,time,value\n" + texts, "in.csv").isEmpty)
    }

    @Test("all devices of a product share the type of a point")
    func sharedType() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let text =
            "device,point,time,value\nD,p,1714564800,1\nE,p,1714564800,x\nE,p,1714564801,y\nE,q,1714564800,1\n"
        let result = try fixture.run(text) { $0.registers = true }
        #expect(result.receipt.accepted == 4)
        #expect(result.registered == 6)
        #expect(fixture.store.samples("D", "p", product: "default").first?.value == .string("1"))
        #expect(fixture.directory.type("default", "q") == .double)
        #expect(fixture.directory.registrations.count == 1)
    }

    @Test("the product is that of the column, else the option, else default")
    func products() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let text = "device,point,time,value,product\nD,p,1714564800,1,X\nD,p,1714564800,2,\n"
        _ = try fixture.run(text) {
            $0.registers = true
            $0.product = "Y"
        }
        #expect(fixture.store.samples("D", "p", product: "X").count == 1)
        #expect(fixture.store.samples("D", "p", product: "Y").count == 1)
        let result = try fixture.run("device,point,time,value\nE,p,1714564800,1\nD,p,1714564800,1\n") {
            $0.registers = true
        }
        #expect(fixture.store.samples("E", "p", product: "default").count == 1)
        #expect(result.receipt.rejected == 1)
        #expect(try fixture.reasons()[0].contains("X, Y"))
    }

    @Test("a device that exists is not registered again, and a new point joins its product")
    func existing() throws {
        let fixture = try TransferFixture()
        let first = try fixture.run("device,point,time,value\nD,p,1714564800,1\nA,t,1714564800,1\n") {
            $0.registers = true
        }
        #expect(first.receipt.accepted == 2)
        #expect(fixture.store.samples("A", "t", product: "P").count == 1)
        let second = try fixture.run("device,point,time,value\nD,q,1714564800,1\nA,z,1714564800,1\n") {
            $0.registers = true
        }
        #expect(fixture.store.samples("D", "q", product: "default").count == 1)
        #expect(second.receipt.accepted == 2)
        #expect(fixture.store.samples("A", "z", product: "P").count == 1)
    }

    @Test("an import does not change a registered type; a later mismatch is rejected")
    func fixedType() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        _ = try fixture.run("device,point,time,value\nD,p,1714564800,1\n") { $0.registers = true }
        let result = try fixture.run("device,point,time,value\nD,p,1714564801,x\n") { $0.registers = true }
        #expect(result.receipt.rejected == 1)
        #expect(try fixture.reasons()[0].contains("varve model change"))
    }

    @Test("no type is derived from rejected rows")
    func rejectedRows() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let text = "device,point,time,value,quality\nD,p,1714564800,1,\nD,p,never,x,\nE,p,1714564800,x,bad\n"
        let result = try fixture.run(text) { $0.registers = true }
        #expect(result.receipt.rejected == 2)
        #expect(fixture.directory.type("default", "p") == .double)
        #expect(fixture.directory.registrations[0].devices.map(\.device) == ["D"])
    }

    @Test("a dry run registers and commits nothing, and counts what would be accepted")
    func dryRun() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let result = try fixture.run("device,point,time,value\nD,p,1714564800,1\nD,q,1714564800,x\n") {
            $0.registers = true
            $0.isDryRun = true
        }
        #expect(result.receipt.accepted == 2)
        #expect(fixture.directory.registrations.isEmpty)
        #expect(fixture.store.batches.isEmpty)
        #expect(fixture.store.imports == 0)
        #expect(fixture.store.content.isEmpty)
    }

    @Test("all files of a run decide the types together, and a failed file does not stop the others")
    func wholeRun() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let header = "device,point,time,value\n"
        let paths = [
            try fixture.write(header + "D,p,1714564800,on\nD,p,1714564801,off\nD,p,1714564802,1\n", "a.csv"),
            fixture.folder + "/missing.csv",
            try fixture.write(header + "D,p,1714564803,2\nD,p,1714564804,3\n", "b.csv"),
        ]
        var options = ImportOptions()
        options.registers = true
        var results: [Result<ImportResult, any Error>] = []
        fixture.importer(options).importAll(
            paths.map { ImportSource(.file($0), rejectedPath: $0 + ".rejected.csv") }
        ) {
            results.append($1)
            return true
        }
        #expect(results.map { (try? $0.get())?.receipt.accepted } == [1, nil, 2])
        #expect(fixture.directory.type("default", "p") == .double)
        #expect(try results[0].get().newPoints.map(\.isMixed) == [true])
        #expect(try results[2].get().newPoints.isEmpty)
    }

    @Test("a given type wins, but must agree with registered points")
    func typeByHand() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let text = "device,point,time,value\nD,p,1714564800,1.10\n"
        _ = try fixture.run(text) {
            $0.registers = true
            $0.types = ["p": .string]
        }
        #expect(fixture.store.samples("D", "p", product: "default").map(\.value) == [.string("1.10")])
        let error = #expect(throws: ImportError.self) {
            try fixture.run(text) {
                $0.registers = true
                $0.types = ["p": .double]
            }
        }
        #expect(error?.description.contains("point p is string in model default, not double") == true)
    }

    @Test("numbers in a text point registered before are reported")
    func numericTexts() throws {
        let fixture = try TransferFixture()
        let rows = ["1.5", "No Data", "x", "2"].enumerated().map {
            "A,s,\(1_714_564_800 + $0.offset),\($0.element)\n"
        }
        let result = try fixture.run("device,point,time,value\n" + rows.joined())
        #expect(result.numericTexts.map(\.point) == ["s"])
        #expect(result.numericTexts.map(\.model) == ["M"])
        #expect(result.numericTexts.map(\.numbers) == [2])
        #expect(try fixture.run("device,point,time,value\nA,s,1,x\nA,s,2,1\n").numericTexts.isEmpty)
    }

    @Test(
        "values declared missing are skipped, or kept without a value if the row has a quality",
        arguments: [
            ("-9999", "-9999.00", true), ("-9999", "-9999.5", false), ("No Data, x ", " No Data ", true),
            ("No Data", "no data", false), ("t=7", "7", true), ("n=7", "7", false), ("=a=b", "a=b", true),
            ("NaN", "nan", true),
        ] as [(String, String, Bool)])
    func missing(list: String, value: String, isMissing: Bool) throws {
        let fixture = try TransferFixture()
        var missing = MissingReadings()
        let isList = missing.add(list)
        #expect(isList)
        let rows = "A,t,1714564800,\(value),\nA,t,1714564801,\(value),3\n"
        let result = try fixture.run("device,point,time,value,quality\n" + rows) { $0.missing = missing }
        #expect((result.receipt.skipped == 1) == isMissing)
        let kept = fixture.store.samples("A", "t").last
        #expect((kept?.quality == 3 && kept?.value == nil) == isMissing)
    }

    @Test("missing values do not count for the type, and integers are compared exactly")
    func missingAtRegistration() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        var missing = MissingReadings()
        let answers = [missing.add("off,9007199254740993"), missing.add(" , ")]
        #expect(answers == [true, false])
        let rows = ["off", "off", "9007199254740993", "9007199254740992"].enumerated().map {
            "D,p,\($0.offset),\($0.element)\n"
        }
        let result = try fixture.run("device,point,time,value\n" + rows.joined()) {
            $0.registers = true
            $0.missing = missing
        }
        #expect(fixture.directory.type("default", "p") == .double)
        #expect(result.receipt.skipped == 3)
        #expect(result.receipt.accepted == 1)
    }
}
