// ReservedSeriesTests.swift — events and attributes as the commands show them.

import ArgumentParser
import Testing
import VarveModel
import VarveTestSupport

@testable import varve

@Suite struct ReservedSeriesTests {
    private static func store() throws -> FakeStore {
        let source = FakeStore.inPieces()
        let rows: [(point: String, type: ValueType, values: [(Int64, Value?)])] = [
            ("P", .double, [(1, .double(5))]),
            (
                "$event/alarm", .json,
                [(1, .json(#"[{"code":1},{"code":2}]"#)), (2, .json("[]")), (3, .json(#"["x,y"]"#))]
            ),
            ("$event/alert", .json, [(2, .json("[null]"))]),
            (
                "$attribute/owner", .json,
                [
                    (1, .json("\"ada\"")), (2, .json("\"ada\"")), (3, .json("7")), (4, nil),
                    (5, .json("\"ada\"")),
                ]
            ),
            ("$attribute/site", .json, [(2, .json(#"{"a":[1,2]}"#))]),
        ]
        for row in rows {
            let samples = row.values.map {
                Sample(
                    time: Timestamp(nanoseconds: $0.0 * 1_000_000_000), value: $0.1,
                    quality: $0.1 == nil ? 1 : nil)
            }
            let key = SeriesKey(product: "p", device: "T", point: row.point)
            _ = try source.commit(SampleBatch(series: [SeriesRows(key, row.type, samples)]))
        }
        _ = try source.commit(
            SampleBatch(series: [
                SeriesRows(
                    SeriesKey(product: "p", device: "E", point: "$event/on"), .json,
                    [Sample(time: Timestamp(nanoseconds: 0), value: .json("[1]"))])
            ]))
        return source
    }

    private static func query(_ arguments: String) throws -> String {
        let options = try QueryOptions.parse(arguments.split(separator: " ").map(String.init))
        let sink = MemorySink()
        var run = QueryRun(try options.request(), source: try store(), output: OutputBuffer(sink))
        try run.run()
        return sink.text
    }

    private static func failure(_ arguments: String) -> String {
        do { return try query(arguments) } catch { return QueryOptions.message(for: error) }
    }

    private static let time = "1970-01-01T00:00:0"

    @Test("an event has one row for each occurrence, in every format")
    func occurrences() throws {
        #expect(
            try Self.query("--device T --event alarm --format csv") == """
                device,event,time,content
                T,alarm,\(Self.time)1Z,"{""code"":1}"
                T,alarm,\(Self.time)1Z,"{""code"":2}"
                T,alarm,\(Self.time)3Z,\"""x,y""\"

                """)
        #expect(
            try Self.query("--device T --event alarm --format ndjson --limit 2 --order desc") == """
                {"device":"T","event":"alarm","time":"\(Self.time)3Z","content":"x,y"}
                {"device":"T","event":"alarm","time":"\(Self.time)1Z","content":{"code":1}}

                """)
        #expect(
            try Self.query("--device T --event alarm --event alert --from \(Self.time)2Z --format json")
                == """
                [
                {"device":"T","event":"alarm","time":"\(Self.time)3Z","content":"x,y"},
                {"device":"T","event":"alert","time":"\(Self.time)2Z","content":null}
                ]

                """)
        #expect(try Self.query("--device T --event alert").contains("device  event  time"))
    }

    @Test("without --point neither events nor attributes are samples, and their series can be named")
    func points() throws {
        #expect(
            try Self.query("--device T --format csv")
                == "device,point,time,value,quality\nT,P,\(Self.time)1Z,5,\n")
        let raw = try Self.query("--device T --point $event/alert --format csv")
        #expect(raw == "device,point,time,value,quality\nT,$event/alert,\(Self.time)2Z,[null],\n")
        #expect(Self.failure("--device E").contains("events or attributes only: see --event"))
        #expect(
            Self.failure("--device T --event alarms").contains(
                "no event \"alarms\"; did you mean alarm?"))
        #expect(Self.failure("--device T --event P").contains("no event \"P\""))
        for other in ["--point P", "--agg count", "--every 1h", "--plot", "--good-only"] {
            #expect(Self.failure("--device T --event alarm \(other)").contains("--event shows occurrences"))
        }
    }

    private static func attributes(_ device: String, history: Bool, _ format: RowFormat) throws -> String {
        let sink = MemorySink()
        try AttributeRows(device: device, showsHistory: history).write(
            from: store(), to: OutputBuffer(sink), format)
        return sink.text
    }

    @Test("an attribute has its latest value, or every value that differs from the one before")
    func attributes() throws {
        #expect(
            try Self.attributes("T", history: false, .json) == """
                [
                {"device":"T","attribute":"owner","time":"\(Self.time)5Z","value":"ada"},
                {"device":"T","attribute":"site","time":"\(Self.time)2Z","value":{"a":[1,2]}}
                ]

                """)
        #expect(
            try Self.attributes("p/T", history: true, .csv) == """
                device,attribute,time,value
                T,owner,\(Self.time)1Z,\"""ada""\"
                T,owner,\(Self.time)3Z,7
                T,owner,\(Self.time)5Z,\"""ada""\"
                T,site,\(Self.time)2Z,"{""a"":[1,2]}"

                """)
        #expect(try Self.attributes("E", history: false, .table).hasSuffix("0 rows\n"))
        #expect(throws: QueryFailure.self) { try Self.attributes("X", history: false, .table) }
    }
}
