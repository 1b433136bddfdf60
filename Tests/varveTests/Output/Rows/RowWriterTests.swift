// RowWriterTests.swift — query results in each format, byte for byte.

import Testing
import VarveModel
import VarveQuery
import VarveStorage
import VarveText

@testable import varve

@Suite struct RowWriterTests {
    static let zero: Int64 = 1_714_564_800_000_000_000  // 2024-05-01T12:00:00Z

    static func columns(_ type: ValueType, _ values: [(Value?, Int32?)]) -> SampleColumns {
        var columns = SampleColumns(type: type)
        for (index, item) in values.enumerated() {
            let time = Timestamp(nanoseconds: zero + Int64(index) * 500_000_000)
            columns.append(Sample(time: time, value: item.0, quality: item.1))
        }
        return columns
    }

    static func samples(
        _ format: RowFormat, _ parts: [(PrintedSeries, [(Value?, Int32?)])], zone: (any ZoneRules)? = nil
    ) throws -> String {
        let sink = MemorySink()
        var writer = format.writer(.samples, to: OutputBuffer(sink), zone: zone)
        try writer.begin()
        for (series, values) in parts {
            try writer.write(columns(series.type, values), count: values.count, of: series)
        }
        try writer.end()
        return sink.text
    }

    static func series(_ type: ValueType, device: String = "WT1", point: String = "P") -> PrintedSeries {
        PrintedSeries(device: device, point: point, type: type)
    }

    @Test("CSV: numbers, missing values and qualities")
    func csv() throws {
        let text = try Self.samples(
            .csv,
            [
                (
                    Self.series(.double),
                    [(.double(1.5), 0), (nil, 4), (.double(.nan), nil), (.double(-.infinity), -1)]
                ),
                (Self.series(.int64, point: "N"), [(.int64(.min), nil)]),
                (Self.series(.bool, point: "B"), [(.bool(true), nil), (.bool(false), 1)]),
            ])
        #expect(
            text == """
                device,point,time,value,quality
                WT1,P,2024-05-01T12:00:00Z,1.5,0
                WT1,P,2024-05-01T12:00:00.5Z,,4
                WT1,P,2024-05-01T12:00:01Z,NaN,
                WT1,P,2024-05-01T12:00:01.5Z,-inf,-1
                WT1,N,2024-05-01T12:00:00Z,-9223372036854775808,
                WT1,B,2024-05-01T12:00:00Z,true,
                WT1,B,2024-05-01T12:00:00.5Z,false,1

                """)
    }

    @Test(
        "CSV: texts are quoted where a reader would take them for something else",
        arguments: [
            ("a", "a"), ("", "\"\""), ("null", "\"null\""), ("NuLL", "\"NuLL\""), ("nulls", "nulls"),
            ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""), ("a\rb", "\"a\rb\""),
            (" a", "\" a\""), ("a\t", "\"a\t\""), ("a b", "a b"), ("é", "é"),
        ])
    func csvTexts(text: String, field: String) throws {
        let output = try Self.samples(.csv, [(Self.series(.string), [(.string(text), 7)])])
        #expect(output == "device,point,time,value,quality\nWT1,P,2024-05-01T12:00:00Z,\(field),7\n")
    }

    @Test("CSV: names are quoted, a missing text is an empty field")
    func csvNames() throws {
        let output = try Self.samples(
            .csv, [(Self.series(.string, device: "p/W,1", point: "\"x\""), [(nil, 7)])])
        #expect(output.hasSuffix("\n\"p/W,1\",\"\"\"x\"\"\",2024-05-01T12:00:00Z,,7\n"))
    }

    @Test("NDJSON: one object a line")
    func ndjson() throws {
        let text = try Self.samples(
            .ndjson,
            [
                (
                    Self.series(.double, device: "W\"1"),
                    [(.double(-0.0), 0), (nil, 4), (.double(.infinity), nil)]
                ),
                (Self.series(.int64), [(.int64(9_007_199_254_740_993), nil)]),
                (Self.series(.bool), [(.bool(false), nil)]),
                (Self.series(.string), [(.string("a\n\u{1}\\\u{1F}é"), nil)]),
                (Self.series(.json), [(.json("{\"a\":[1]}"), nil), (nil, 1)]),
            ])
        let start = "\"point\":\"P\",\"time\":\"2024-05-01T12:00:0"
        #expect(
            text == """
                {"device":"W\\"1",\(start)0Z","value":-0,"quality":0}
                {"device":"W\\"1",\(start)0.5Z","value":null,"quality":4}
                {"device":"W\\"1",\(start)1Z","value":"inf"}
                {"device":"WT1",\(start)0Z","value":9007199254740993}
                {"device":"WT1",\(start)0Z","value":false}
                {"device":"WT1",\(start)0Z","value":"a\\n\\u0001\\\\\\u001fé"}
                {"device":"WT1",\(start)0Z","value":{"a":[1]}}
                {"device":"WT1",\(start)0.5Z","value":null,"quality":1}

                """)
    }

    @Test("JSON: an array, also of nothing and over several series")
    func json() throws {
        #expect(try Self.samples(.json, []) == "[]\n")
        let text = try Self.samples(
            .json,
            [
                (Self.series(.double), [(.double(1), nil), (.double(2), nil)]),
                (Self.series(.string, point: "S"), [(.string("x"), nil), (.string("y"), nil)]),
            ])
        let start = "{\"device\":\"WT1\",\"point\":\"P\",\"time\":\"2024-05-01T12:00:00"
        let other = "{\"device\":\"WT1\",\"point\":\"S\",\"time\":\"2024-05-01T12:00:00"
        #expect(
            text == """
                [
                \(start)Z","value":1},
                \(start).5Z","value":2},
                \(other)Z","value":"x"},
                \(other).5Z","value":"y"}
                ]

                """)
    }

    @Test("aggregates have a column each, in every format")
    func aggregates() throws {
        let row = AggregateRow(
            start: Self.zero,
            values: [.double(.nan), .integer(Int128(Int64.max) * 4), .text("null"), .none, .bool(true)])
        let names: [Aggregate] = [.avg, .sum, .first, .min, .last]
        let expected: [(RowFormat, String)] = [
            (
                .csv,
                "device,point,time,avg,sum,first,min,last\nWT1,P,2024-05-01T12:00:00Z,NaN,36893488147419103228,\"null\",,true\n"
            ),
            (
                .json,
                "[\n{\"device\":\"WT1\",\"point\":\"P\",\"time\":\"2024-05-01T12:00:00Z\",\"avg\":\"NaN\","
                    + "\"sum\":36893488147419103228,\"first\":\"null\",\"min\":null,\"last\":true}\n]\n"
            ),
            (
                .table,
                "device  point  time                  avg                   sum  first  min  last\n"
                    + "WT1     P      2024-05-01T12:00:00Z  NaN  36893488147419103228  null        true\n1 row\n"
            ),
        ]
        for (format, text) in expected {
            let sink = MemorySink()
            var writer = format.writer(.aggregates(names), to: OutputBuffer(sink), zone: nil)
            try writer.begin()
            try writer.write(row, of: Self.series(.string))
            try writer.end()
            #expect(sink.text == text)
        }
    }

    @Test("a table aligns numbers right, shows local times and no control characters")
    func table() throws {
        let text = try Self.samples(
            .table,
            [
                (Self.series(.double), [(.double(1.25), 0), (.double(-100), nil), (nil, 192)]),
                (Self.series(.string, device: "Turbine 2"), [(.string("on\u{1B}[31m\n"), nil)]),
            ], zone: FixedZone(seconds: -12_600))
        #expect(
            text == """
                device     point  time                                  value  quality
                WT1        P      2024-05-01T08:30:00-03:30              1.25        0
                WT1        P      2024-05-01T08:30:00.5-03:30            -100
                WT1        P      2024-05-01T08:30:01-03:30                        192
                Turbine 2  P      2024-05-01T08:30:00-03:30    on\\u{1B}[31m\\n
                4 rows

                """)
        #expect(try Self.samples(.table, []) == "device  point  time  value  quality\n0 rows\n")
    }

    @Test("a long table streams after its first rows")
    func longTable() throws {
        let sink = MemorySink()
        let output = OutputBuffer(sink)
        var writer = RowFormat.table.writer(.samples, to: output, zone: nil)
        try writer.begin()
        let columns = Self.columns(.double, Array(repeating: (.double(1), nil), count: 5000))
        try writer.write(columns, count: 4321, of: Self.series(.double))
        #expect(!sink.bytes.isEmpty)
        try writer.end()
        #expect(sink.text.split(separator: "\n").count == 4323)
        #expect(sink.text.hasSuffix("\n4321 rows\n"))
    }

    @Test("output stops quietly when its reader goes away")
    func closedReader() throws {
        let sink = MemorySink()
        sink.lifetime = 1
        let output = OutputBuffer(sink)
        for _ in 0..<10 { try output.append(String(repeating: "x", count: 70_000)) }
        #expect(!output.isOpen)
        #expect(sink.bytes.count == 70_000)
        #expect(sink.writes == 2)
    }
}
