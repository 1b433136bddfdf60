// FormsTests.swift — the forms of an input: wide files, NDJSON, streams, options.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport
import VarveText

@testable import VarveTransfer

@Suite struct FormsTests {
    @Test("each cell of a wide file is a row: read, missing with a quality, skipped or rejected")
    func wide() throws {
        let fixture = try TransferFixture()
        let text = """
            time,n,device,t,s,quality,zz
            2024-05-01T12:00:00Z,1,A,1.5,x,,
            2024-05-01T12:00:01Z,,A,,"",7,9
            2024-05-01T12:00:02Z,1.5,A,abc,,,
            never,1,A,1,x,,1
            2024-05-01T12:00:03Z,1,A

            """
        let result = try fixture.run(text) { $0.isWide = true }
        // The 16 cells, and the line with too few fields.
        #expect(result.receipt.samples == 17)
        #expect(result.receipt.rows == 5)
        #expect(result.receipt.accepted == 6)
        #expect(result.receipt.skipped == 1)
        #expect(result.receipt.rejected == 10)
        let store = fixture.store
        #expect(store.samples("A", "n").map(\.value) == [.int64(1), nil])
        #expect(store.samples("A", "t").map(\.quality) == [nil, 7])
        #expect(store.samples("A", "s").map(\.value) == [.string("x"), .string("")])
        let rejected = try #require(try fixture.text("in.csv.rejected.csv"))
        // The text of a line is written once, however many of its cells are rejected.
        #expect(rejected.split(separator: "never,1,A").count == 2)
    }

    @Test("a wide file needs a point column and must be CSV")
    func wideErrors() throws {
        let fixture = try TransferFixture()
        let error = #expect(throws: ImportError.self) {
            try fixture.run("time,device\n") { $0.isWide = true }
        }
        #expect(error?.description.contains("a column for each point") == true)
        #expect(throws: ImportError.wideNeedsCSV(path: fixture.folder + "/in.ndjson")) {
            try fixture.run("{}", name: "in.ndjson") { $0.isWide = true }
        }
    }

    @Test("NDJSON keeps the text of numbers, resolves escapes and takes all types")
    func ndjson() throws {
        let fixture = try TransferFixture()
        let result = try fixture.run(
            #"""
            {"device":"A","point":"n","time":1714564800000,"value":9007199254740993}
            {"time":"1714564800000","value":"-inf","point":"t","device":"A","quality":3}
             { "device" : "\u0041" , "point" : "s", "time" : 1714564800000, "value" : "\ud83d\ude00\n\"" }
            {"device":"A","point":"j","time":1714564800000,"value":{"b":[1,{"x":null}],"a":1.50},"product":"P"}
            {"device":"A","point":"b","time":1714564800000,"value":true,"product":null}
            {"device":"A","point":"t","time":1714564801000,"value":null,"quality":1}
            {"device":"A","point":"t","time":1714564802000,"value":null,"quality":null}
            """#, name: "in.ndjson")
        #expect(result.receipt.accepted == 6)
        #expect(result.receipt.skipped == 1)
        #expect(result.timeUnit == "ms")
        let store = fixture.store
        #expect(store.samples("A", "n")[0].value == .int64(9_007_199_254_740_993))
        #expect(store.samples("A", "t").map(\.value) == [.double(-.infinity), nil])
        #expect(store.samples("A", "s")[0].value == .string("\u{1F600}\n\""))
        #expect(store.samples("A", "j")[0].value == .json("{\"a\":1.50,\"b\":[1,{\"x\":null}]}"))
        #expect(store.samples("A", "b")[0].value == .bool(true))
    }

    @Test(
        "a bad line of NDJSON is rejected with its reason",
        arguments: [
            (#"{"device":"A","point":"t","time":1}"#, "has no value"),
            (#"{"device":1,"point":"t","time":1,"value":1}"#, "device is not a string"),
            (#"{"device":"A","device":"A","point":"t","time":1,"value":1}"#, "is there twice"),
            (#"{"device":"A","point":"t","time":1,"value":1,"x":1}"#, "unknown member x"),
            (#"{"device":"A","point":"t","time":1,"value":"5"}"#, "is not a number"),
            (#"{"device":"A","point":"t","time":1,"value":01}"#, "not valid JSON"),
            (#"[1]"#, "not valid JSON"),
            (#"{"device":"A","point":"t","time":1,"value":1} x"#, "not valid JSON"),
            (#"{"device":"A","point":"s","time":1,"value":"\ud800"}"#, "not valid UTF-8"),
            (#"{"device":"A","point":"t","time":1,"value":1,"quality":"1"}"#, "not an integer of 32 bits"),
            (
                #"{"device":"A","point":"j","time":1,"value":"# + String(repeating: "[", count: 100),
                "deeper than"
            ),
            (#"{"device":"A","point":"j","time":1,"value":{"k":1,"k":2}}"#, "twice in one object"),
            ("{}", "has no device"),
        ])
    func badNDJSON(line: String, expected: String) throws {
        let fixture = try TransferFixture()
        let good = #"{"device":"A","point":"t","time":2,"value":1}"#
        let result = try fixture.run(line + "\n" + good + "\n", name: "in.ndjson")
        #expect(result.receipt.rejected == 1)
        #expect(result.receipt.accepted == 1)
        let reason = try fixture.reasons("in.ndjson")[0]
        #expect(reason.contains(expected), "\(reason)")
    }

    @Test("NDJSON registers bool and json for points with only such values")
    func ndjsonTypes() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let values = ["b": "true", "j": "[1]", "m": "true", "d": "\"nan\"", "s": "\"5\""]
        var text = values.map {
            "{\"device\":\"D\",\"point\":\"\($0.key)\",\"time\":1,\"value\":\($0.value)}\n"
        }.joined()
        text += "{\"device\":\"D\",\"point\":\"m\",\"time\":2,\"value\":1}\n"
        let result = try fixture.run(text, name: "in.jsonl") { $0.registers = true }
        // Half of the values of m are numbers.
        #expect(result.receipt.accepted == 5)
        #expect(result.receipt.rejected == 1)
        let types = "bjmds".map { fixture.directory.type("default", String($0)) }
        #expect(types == [.bool, .json, .double, .double, .string])
    }

    @Test("the format is found from the option, else the name, else the first byte")
    func formats() throws {
        let json = #"{"device":"A","point":"t","time":1,"value":1}"#
        let csv = "device,point,time,value\nA,t,1,1\n"
        let fixture = try TransferFixture()
        #expect(try fixture.run(json, name: "x").receipt.rows == 1)
        #expect(try fixture.run(csv, name: "x").receipt.rows == 1)
        #expect(try fixture.run(json, name: "x.csv") { $0.format = .ndjson }.receipt.rows == 1)
        #expect(try fixture.run(csv, name: "x.ndjson") { $0.format = .csv }.receipt.rows == 1)
        #expect(throws: ImportError.self) { try fixture.run(json, name: "x.csv") }
    }

    @Test("unknown columns are passed over on request, blank lines always")
    func ignoredColumns() throws {
        let fixture = try TransferFixture()
        let result = try fixture.run("x,device,point,y,time,value\n\n1,A,t,,1,1\n\r\n\n2,A,t,,2,2\n") {
            $0.ignoresColumns = true
        }
        #expect(result.receipt.rows == 2)
        #expect(fixture.store.samples("A", "t").count == 2)
    }

    @Test("times without an offset are in the given zone")
    func zone() throws {
        let fixture = try TransferFixture()
        _ = try fixture.run("device,point,time,value\nA,t,2024-05-01 12:00:00,1\n") {
            $0.local.zone = FixedZone(seconds: 7200)
        }
        #expect(fixture.store.samples("A", "t")[0].time == (try Timestamp.parse("2024-05-01T10:00:00Z")))
    }

    @Test("missing values are kept with a quality and skipped without one; quoted ones are text")
    func missing() throws {
        let fixture = try TransferFixture()
        let result = try fixture.run(
            """
            device,point,time,value,quality
            A,t,1,,5
            A,t,2,NULL,
            A,t,3,"",0
            A,t,4,"null",
            A,s,1,"",
            A,s,2,"null",
            A,s,3,,
            A,s,4,null,2
            A,j,1,"",
            """)
        #expect(result.receipt.accepted == 5)
        #expect(result.receipt.skipped == 4)
        #expect(fixture.store.samples("A", "s").map(\.value) == [.string(""), .string("null"), nil])
        #expect(fixture.store.samples("A", "t").map(\.quality) == [5, 0])
    }

    @Test("a stream is spooled and imported, and leaves no file behind")
    func stream() throws {
        let fixture = try TransferFixture()
        let text = "device,point,time,value\nA,t,1,1\nA,t,2,x\n"
        let file = try fixture.files.open(try fixture.write(text, "stdin"), .read)
        let rejected = fixture.folder + "/stdin.rejected.csv"
        let result = try fixture.importer().importStream(file, rejectedPath: rejected)
        #expect(result.receipt.accepted == 1)
        #expect(result.rejectedPath == rejected)
        #expect(try fixture.files.list(fixture.folder) == ["stdin", "stdin.rejected.csv"])
        let again = try fixture.files.open(fixture.folder + "/stdin", .read)
        let error = #expect(throws: FileError.self) {
            try StreamSpool(again, files: fixture.files, folder: fixture.folder, limit: 10)
        }
        #expect(error?.action == "spool")
    }

    @Test("the rejected file of an earlier run is removed if nothing is rejected")
    func rejectedFileGoes() throws {
        let fixture = try TransferFixture()
        _ = try fixture.run("device,point,time,value\nA,t,1,x\n")
        #expect(try fixture.text("in.csv.rejected.csv") != nil)
        _ = try fixture.run("device,point,time,value\nA,t,1,1\n")
        #expect(try fixture.text("in.csv.rejected.csv") == nil)
    }

    @Test("rejected rows that cannot be written do not stop the import, and the exit code is 1")
    func rejectedFileFails() throws {
        let fixture = try TransferFixture()
        let path = try fixture.write("device,point,time,value\nA,t,1,x\nA,t,2,1\n")
        let result = try fixture.importer().importFile(path, rejectedPath: fixture.folder + "/no/where.csv")
        #expect(result.receipt.accepted == 1)
        #expect(result.receipt.rejected == 1)
        #expect(result.rejectedFailure?.isNotFound == true)
        #expect(result.exitCode == 1)
    }

    @Test("the line of import --json has its keys in order")
    func jsonLine() throws {
        let fixture = try TransferFixture()
        let text =
            "device,point,time,value\nA,t,1714564800,1\nA,t,1714564800,1\nA,t,1714564800,2\nA,t,1714564801,\nA,t,x,1\n"
        let result = try fixture.run(text)
        #expect(
            result.jsonLine(seconds: 0.12345)
                == "{\"rows\":5,\"samples\":5,\"accepted\":1,\"identical\":1,\"corrected\":1,\"superseded\":0,\"rejected\":1,"
                + "\"skipped\":1,\"expired\":0,\"replayed\":0,\"from\":\"2024-05-01T12:00:00Z\",\"to\":\"2024-05-01T12:00:00Z\","
                + "\"timeUnit\":\"s\",\"seconds\":0.123}")
        #expect(
            ImportResult().jsonLine(seconds: 0).hasSuffix(
                "\"from\":null,\"to\":null,\"timeUnit\":null,\"seconds\":0}"))
    }

    @Test("the line's lists have their members in order, and every text in them is escaped")
    func jsonLists() throws {
        var result = ImportResult()
        result.numericTexts = [NumericTextPoint(product: "P", model: "M\"", point: "p\\\n", numbers: 3)]
        result.otherZones = [DeviceZone(product: "P", device: "d", zone: "a\"b")]
        #expect(
            result.jsonLine(seconds: 1).hasSuffix(
                #""seconds":1,"numericTexts":[{"numbers":3,"model":"M\"","point":"p\\\n"}],"#
                    + #""otherZones":[{"zone":"a\"b","product":"P","device":"d"}]}"#))
        let fixture = try TransferFixture(directory: FakeDirectory())
        let rows = ["1", "x", "y"].enumerated().map { "D,p,2024-05-01 12:00:0\($0.offset),\($0.element)\n" }
        let line = try fixture.run("device,point,time,value\n" + rows.joined()) { $0.registers = true }
            .jsonLine(seconds: 0)
        #expect(
            line.hasSuffix(
                #""newPoints":[{"type":"string","mixed":true,"numbers":1,"texts":2,"words":0,"numberLooks":0,"#
                    + #""looksLikeNumbers":false,"example":"x","product":"default","point":"p"}],"#
                    + #""zones":[{"assumed":true,"repeated":0,"repeatedRejected":0,"missing":0,"#
                    + #""missingRejected":0,"name":"UTC","offsets":"+00:00"}]}"#), "\(line)")
    }
}
