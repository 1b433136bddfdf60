// TypedExportTests.swift — exported files keep the types of points in an empty store, and refuse what they would lose.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveTransfer

@Suite struct TypedExportTests {
    /// A store with series of device A that have one sample per second.
    private func store(_ values: [String: [Value?]], product: String = "default") throws -> FakeStore {
        let store = FakeStore()
        var batch = SampleBatch(series: [])
        for (point, values) in values {
            let type = values.lazy.compactMap { $0?.type }.first ?? .bool
            var columns = SampleColumns(type: type)
            for (index, value) in values.enumerated() {
                let time = Timestamp(nanoseconds: Int64(index) * 1_000_000_000)
                columns.append(Sample(time: time, value: value, quality: value == nil ? -5 : nil))
            }
            let key = SeriesKey(product: product, device: "A", point: point)
            batch.series.append(SeriesRows(key: key, type: type, columns: columns))
        }
        _ = try store.commit(batch)
        return store
    }

    /// Exports a store and imports the file with `--register` into an empty store and registry.
    private func roundTrip(
        _ store: FakeStore, _ format: ExportFormat, allowing allowed: Set<ExportLoss> = []
    ) throws -> (store: FakeStore, firstLine: String) {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let name = "out.\(format.rawValue)"
        let exporter = Exporter(source: store, files: fixture.files, allowing: allowed)
        _ = try exporter.export(
            try store.series(), in: .all, format: format, to: "\(fixture.folder)/\(name)")
        let text = try #require(try fixture.text(name))
        var options = ImportOptions()
        options.registers = true
        let result = try fixture.importer(options).importFile("\(fixture.folder)/\(name)")
        let reasons = try fixture.reasons(name)
        #expect(result.receipt.rejected == 0, "\(reasons)")
        return (fixture.store, String(text.prefix { $0 != "\n" }))
    }

    private func expectSame(_ left: FakeStore, _ right: FakeStore) throws {
        #expect(try left.series() == right.series())
        let isSame = left.content == right.content
        #expect(isSame)
    }

    @Test("every type, also with odd values, comes back unchanged", arguments: ExportFormat.allCases)
    func allTypes(format: ExportFormat) throws {
        let values: [String: [Value?]] = [
            "numbers as text": [.string("1.10"), .string("007"), .string("1e3")],
            "status": [.string("20.5"), .string("No Data"), nil],
            "words": [.string("NA"), .string("N/A"), .string("Bad")],
            "texts": [
                .string("a,b"), .string(""), .string("null"), .string("NULL"), .string("x\r\ny"),
                .string("\""),
                .string(" 5 "), .string("\u{0}\u{1}\t\u{7F}"), .string("\r"), .string("é"),
                .string("e\u{301}"),
                .string("{}"), .string("#"),
            ],
            "not finite": [.string("nan"), .string("-inf"), .string("Infinity")],
            "bool": [.bool(true), nil, .bool(false)], "no bool": [nil],
            "no text": [.string(""), .string("null")],
            "small": [.int64(1), .int64(0), .int64(-9_007_199_254_740_992)],
            "large": [.int64(.min), .int64(.max), .int64(5)],
            "d": [
                .double(-0.0), .double(.nan), .double(.infinity), .double(.leastNonzeroMagnitude),
                .double(0.1), nil,
            ],
            "whole": [.double(9_007_199_254_740_994), .double(1)],
            "both": [.double(9_007_199_254_740_994), .double(1.5)],
            "json": [.json("{\"a\":1.50}"), .json("[]")],
            "scalars": [.json("true"), .json("\"x\""), .json("1")],
            "empty json": [.json("\"\""), .json("\"null\""), .json("\"NaN\"")],
        ]
        let all = try store(values)
        let result = try roundTrip(all, format)
        try expectSame(result.store, all)
        for (point, values) in values {
            let one = try store([point: values])
            // A point without a value must keep the type of its series.
            try expectSame(try roundTrip(one, format).store, one)
        }
    }

    @Test(
        "the type is written only if registration would choose another one",
        arguments: [
            ([.double(1), .double(.nan), nil], false, false),
            ([.double(9_007_199_254_740_994)], false, false),
            ([.double(9_007_199_254_740_992), .double(1e300)], false, false),
            ([.string("on"), .string("")], false, false), ([.string("on"), .string("1")], true, false),
            ([.string("inf")], true, true), ([.bool(true)], true, false), ([nil], true, true),
            ([.int64(1)], true, true), ([.int64(.max), .int64(1)], false, false),
            ([.json("[1]")], true, false), ([.json("1")], true, true),
        ] as [([Value?], Bool, Bool)])
    func onlyWhereNeeded(values: [Value?], inCSV: Bool, inNDJSON: Bool) throws {
        let store = try store(["p": values])
        let header = try roundTrip(store, .csv).firstLine
        #expect(header == "device,point,time,value,quality" + (inCSV ? ",type" : ""))
        #expect(try roundTrip(store, .ndjson).firstLine.contains("\"type\":") == inNDJSON)
    }

    @Test("points of one name with different types in two products are distinguished by the product")
    func twoProducts() throws {
        let store = FakeStore()
        for (product, value) in [("P", Value.double(1)), ("Q", .string("x"))] {
            var columns = SampleColumns(type: value.type)
            columns.append(Sample(time: Timestamp(nanoseconds: 0), value: value))
            let key = SeriesKey(product: product, device: "of " + product, point: "p")
            _ = try store.commit(
                SampleBatch(series: [SeriesRows(key: key, type: value.type, columns: columns)]))
        }
        let result = try roundTrip(store, .csv)
        #expect(result.firstLine == "device,point,time,value,quality,product")
        try expectSame(result.store, store)
    }

    @Test("a point with two types in one product refuses the export")
    func twoTypes() throws {
        let store = FakeStore()
        for (device, value) in [("A", Value.double(1)), ("B", .string("x"))] {
            var columns = SampleColumns(type: value.type)
            columns.append(Sample(time: Timestamp(nanoseconds: 0), value: value))
            let key = SeriesKey(product: "P", device: device, point: "p")
            _ = try store.commit(
                SampleBatch(series: [SeriesRows(key: key, type: value.type, columns: columns)]))
        }
        #expect(throws: ExportError.twoTypes(product: "P", point: "p", types: [.double, .string])) {
            try roundTrip(store, .csv)
        }
    }

    @Test("a loss that is not allowed refuses the export and leaves no file")
    func losses() throws {
        let text = String(repeating: "\"\u{1}", count: 300_000)
        for (point, values, loss) in [
            ("payload", [Value.double(Double(bitPattern: 0x7FF8_0000_0000_0001))], ExportLoss.nanPayload),
            ("sign", [.double(-.nan)], .nanPayload), ("long", [.string(text)], .longRow),
        ] {
            let store = try store([point: values])
            let fixture = try TransferFixture(directory: FakeDirectory())
            let exporter = Exporter(source: store, files: fixture.files)
            let path = fixture.folder + "/out.ndjson"
            let key = SeriesKey(product: "default", device: "A", point: point)
            #expect(throws: ExportError.loss(loss, series: key, time: Timestamp(nanoseconds: 0))) {
                try exporter.export(try store.series(), in: .all, format: .ndjson, to: path)
            }
            #expect(try fixture.files.list(fixture.folder).isEmpty)
            let result = try Exporter(source: store, files: fixture.files, allowing: [loss]).export(
                try store.series(), in: .all, format: .ndjson, to: path)
            #expect(result.lost == [loss: 1])
        }
        let empty = FakeStore()
        var columns = SampleColumns(type: .double)
        columns.append(Sample(time: Timestamp(nanoseconds: 0), value: nil))
        let key = SeriesKey(product: "P", device: "A", point: "t")
        _ = try empty.commit(SampleBatch(series: [SeriesRows(key: key, type: .double, columns: columns)]))
        #expect(throws: ExportError.loss(.emptySample, series: key, time: Timestamp(nanoseconds: 0))) {
            try roundTrip(empty, .csv)
        }
    }
}
