// QueryRunTests.swift — queries over a store in memory, from options to output.

import ArgumentParser
import Synchronization
import Testing
import VarveModel
import VarveTestSupport

@testable import varve

@Suite struct QueryRunTests {
    static func store() throws -> FakeStore {
        let source = FakeStore.inPieces()
        let day = "2024-05-01T"
        try source.add(
            "p/WT1/Power", .double,
            [
                (day + "00:00:00Z", .double(10), 0), (day + "00:10:00Z", .double(20), nil),
                (day + "00:20:00Z", nil, 4), (day + "01:00:00Z", .double(30), 4),
                (day + "03:00:00Z", .double(60), 0), (day + "03:30:00Z", .double(.nan), 0),
            ])
        try source.add("p/WT1/State", .string, [(day + "00:00:00Z", .string("on"), nil)])
        try source.add("p/WT2/Power", .double, [(day + "00:00:00Z", .double(7), nil)])
        try source.add("p/PLC/Power", .double, [(day + "00:00:00Z", .double(1), nil)])
        try source.add("q/PLC/Power", .double, [(day + "00:00:00Z", .double(2), nil)])
        source.withState {
            $0.types[SeriesKey(product: "q", device: "a/b", point: "Power")] = .double
        }
        return source
    }

    /// The output of `varve query` with these arguments, without the header.
    static func rows(_ arguments: String...) throws -> [String] { try answer(arguments).rows }

    /// The output without the header, and the notes.
    static func answer(
        _ arguments: [String], of source: FakeStore? = nil
    ) throws -> (rows: [String], notes: [String]) {
        let options = try QueryOptions.parse(arguments.flatMap { $0.split(separator: " ").map(String.init) })
        let sink = MemorySink()
        var notes: [String] = []
        var run = QueryRun(
            try options.request(), source: try source ?? store(), output: OutputBuffer(sink)
        ) { notes.append($0) }
        try run.run()
        return (sink.text.split(separator: "\n").dropFirst().map(String.init), notes)
    }

    static func failure(_ arguments: String...) -> String {
        do {
            let options = try QueryOptions.parse(
                arguments.flatMap { $0.split(separator: " ").map(String.init) })
            var run = QueryRun(
                try options.request(), source: try store(), output: OutputBuffer(MemorySink()))
            try run.run()
            return ""
        } catch {
            return QueryOptions.message(for: error)
        }
    }

    @Test("the samples of a range come by device, point and time, missing ones too")
    func samples() throws {
        #expect(
            try Self.rows(
                "--device WT2 --device WT1 --point Power --from 2024-05-01 --to 2024-05-01T01:00:00Z --format csv"
            )
                == [
                    "WT1,Power,2024-05-01T00:00:00Z,10,0", "WT1,Power,2024-05-01T00:10:00Z,20,",
                    "WT1,Power,2024-05-01T00:20:00Z,,4", "WT2,Power,2024-05-01T00:00:00Z,7,",
                ])
    }

    @Test("without --point all points of the device are read, and a limit counts over all series")
    func limits() throws {
        let rows = try Self.rows("--device WT1 --format csv")
        #expect(rows.count == 7)
        #expect(rows.last == "WT1,State,2024-05-01T00:00:00Z,on,")
        #expect(try Self.rows("--device WT1 --format csv --limit 4") == Array(rows[..<4]))
        #expect(try Self.rows("--device WT1 --device WT2 --format csv --limit 7") == rows)
        #expect(
            try Self.rows("--device WT1 --point Power --order desc --limit 2 --format csv") == [
                "WT1,Power,2024-05-01T03:30:00Z,NaN,0", "WT1,Power,2024-05-01T03:00:00Z,60,0",
            ])
    }

    @Test("good-only leaves out other qualities")
    func goodOnly() throws {
        #expect(try Self.rows("--device WT1 --point Power --good-only --format csv").count == 4)
        #expect(
            try Self.rows("--device WT1 --point Power --good-only --every 1d --agg count,last --format csv")
                == ["WT1,Power,2024-05-01T00:00:00Z,3,60"])
    }

    @Test("aggregates come by buckets, with fill, in both orders and under a limit")
    func aggregates() throws {
        let hourly = "--device WT1 --point Power --every 1h --format csv --agg avg,count"
        let rows = [
            "WT1,Power,2024-05-01T00:00:00Z,15,2", "WT1,Power,2024-05-01T01:00:00Z,30,1",
            "WT1,Power,2024-05-01T02:00:00Z,45,0", "WT1,Power,2024-05-01T03:00:00Z,60,1",
        ]
        #expect(try Self.rows(hourly, "--fill linear") == rows)
        #expect(try Self.rows(hourly) == [rows[0], rows[1], rows[3]])
        #expect(try Self.rows(hourly, "--order desc --fill linear --limit 3") == rows[1...].reversed())
        #expect(try Self.rows("--device WT1 --every 1d --format csv").count == 1)
        let whole = "--device WT1 --point Power --agg count,avg,twa --format csv"
        let row = "WT1,Power,2024-05-01T00:00:00Z,4,30,26.11111111111111"
        #expect(try Self.rows(whole) == [row])
        #expect(try Self.rows(whole, "--order desc") == [row])
        #expect(
            try Self.rows(whole, "--from 2024-05-01T00:15:00Z --to 2024-05-01T03:15:00Z")
                == ["WT1,Power,2024-05-01T00:15:00Z,2,45,30"])
        #expect(
            try Self.rows("--device WT1 --every 1d --tz Europe/Paris --agg last --format csv") == [
                "WT1,Power,2024-04-30T22:00:00Z,60", "WT1,State,2024-04-30T22:00:00Z,on",
            ])
    }

    @Test("an explicit range is filled on all sides; a value holds into buckets without samples")
    func holding() throws {
        let hours = "--device WT1 --point Power --every 1h --format csv"
        #expect(
            try Self.rows(
                hours,
                "--fill previous --agg last,count --from 2024-05-01T02:00:00Z --to 2024-05-01T05:00:00Z") == [
                    "WT1,Power,2024-05-01T02:00:00Z,30,0", "WT1,Power,2024-05-01T03:00:00Z,60,1",
                    "WT1,Power,2024-05-01T04:00:00Z,60,0",
                ])
        #expect(
            try Self.rows(hours, "--fill linear --from 2024-05-01T02:00:00Z --to 2024-05-01T03:00:00Z")
                == ["WT1,Power,2024-05-01T02:00:00Z,45"])
        #expect(
            try Self.rows(
                hours,
                "--agg twa,count,avg --from 2024-05-01T01:30:00Z --to 2024-05-01T05:00:00Z --order desc") == [
                    "WT1,Power,2024-05-01T04:00:00Z,60,0,", "WT1,Power,2024-05-01T03:00:00Z,60,1,60",
                    "WT1,Power,2024-05-01T02:00:00Z,30,0,", "WT1,Power,2024-05-01T01:00:00Z,30,0,",
                ])
        #expect(
            try Self.rows(hours, "--agg twa --hold 30m --to 2024-05-01T05:00:00Z") == [
                "WT1,Power,2024-05-01T00:00:00Z,17.5", "WT1,Power,2024-05-01T01:00:00Z,30",
                "WT1,Power,2024-05-01T03:00:00Z,60",
            ])
        let plot = try Self.rows(
            "--device WT1 --point Power --every 1h --agg twa --plot --from 2024-05-02 --to 2024-05-03")
        #expect(plot.count == 18)
    }

    @Test("a device with a key of several products must be named with its product")
    func ambiguity() throws {
        #expect(
            Self.failure("--device PLC") == "device \"PLC\" exists in 2 products; write p/PLC or q/PLC")
        #expect(
            try Self.rows("--device q/PLC --format csv") == ["q/PLC,Power,2024-05-01T00:00:00Z,2,"])
        #expect(
            try Self.rows("--device p/WT2 --format csv") == ["WT2,Power,2024-05-01T00:00:00Z,7,"])
        #expect(try Self.rows("--device WT2 --device p/WT2 --format csv").count == 1)
    }

    @Test("an unknown device or point is an error that names near ones")
    func unknown() {
        #expect(
            Self.failure("--device WT3")
                == "no device \"WT3\" in this store; did you mean WT1, WT2?")
        #expect(
            Self.failure("--device p/WT9").hasPrefix("no device \"p/WT9\" in this store; did you mean p/WT1"))
        #expect(
            Self.failure("--device inverter").hasPrefix(
                "no device \"inverter\" in this store; there are PLC, WT1, WT2"))
        #expect(
            Self.failure("--device WT1 --point power")
                == "device \"WT1\" has no point \"power\"; did you mean Power?")
        #expect(
            Self.failure("--device WT1 --device WT2 --point Sped").hasPrefix(
                "these devices have no point \"Sped\"; there "))
    }

    @Test(
        "wrong options are refused in one line",
        arguments: [
            ("", "--device is missing"), ("--device W --every 5x", "--every: \"5x\" is not a duration"),
            ("--device W --every 1h --agg mean", "use some of avg, min, max"),
            ("--device W --agg avg --plot", "--agg needs --every"),
            ("--device W --fill null", "--fill needs --every"),
            ("--device W --tz Mars/Base", "--tz: \"Mars/Base\" is not a time zone"),
            ("--device W --tz IST", "use a name such as Europe"),
            ("--device W --order up", "use asc or desc"),
            ("--device W --limit 0", "at least 1"), ("--device W --format xml", "table, csv, ndjson, json"),
            ("--device W --from yesterday", "--from: \"yesterday\" is not a time"),
            ("--device W --to 2024-13-01", "--to: \"2024-13-01\" names a date"),
            ("--device W --from 2024-05-02 --to 2024-05-02", "--to must be later than --from"),
            ("--device W --plot --limit 4", "leave out"), ("--device W --every 1h --fill x", "--fill: \"x\""),
            ("--device W --plot --every 1h --agg min,max", "one aggregate"),
            ("--device W --every 1h --hold 5m", "--hold is for --agg twa and for --fill previous"),
            ("--device W --time-digits 3", "are for --format csv, ndjson and json"),
            ("--device W --format csv --time-digits 4", "is not 0, 3, 6 or 9"),
            ("--device W --format csv --time-format unix", "use rfc3339 or epoch-ns"),
            ("--device W --format csv --time-format epoch-ns --time-digits 3", "leave it out"),
            ("--device W --hold 5m", "--hold is for --agg twa and for --fill previous"),
            ("--device W --agg twa --hold 5", "--hold: \"5\" is not a duration"),
            ("--device W --agg twa --hold 0s", "at least 1ms"),
            ("--device W --every 36h --tz UTC", "must be whole days"),
        ])
    func usage(arguments: String, message: String) {
        let text = Self.failure(arguments)
        #expect(text.contains(message), "\(text)")
        #expect(!text.contains("\n"))
    }

    @Test("texts where numbers are needed are an error if named or alone, else they are left out with a note")
    func textAggregates() throws {
        for agg in ["avg", "min", "max", "sum", "stddev", "median", "twa", "count,avg"] {
            for point in ["--point State", "--point State --point Power"] {
                let text = Self.failure("--device WT1 --every 1h --agg \(agg) \(point)")
                #expect(
                    text.hasPrefix(
                        "--agg \(agg.dropFirst(agg.hasPrefix("count") ? 6 : 0)): WT1/State is a string point")
                )
                #expect(text.contains("--agg count,first,last"))
            }
            let (rows, notes) = try Self.answer(["--device WT1 --every 1d --format csv --agg \(agg)"])
            #expect(rows.count == 1 && rows[0].hasPrefix("WT1,Power,"))
            #expect(notes.count == 1 && notes[0].hasSuffix("left out the text point WT1/State"))
        }
        let texts = try Self.answer(["--device WT1 --every 1d --format csv --agg count,first,last"])
        #expect(texts.rows.count == 2 && texts.notes.isEmpty)
        let source = FakeStore.inPieces()
        try source.add("p/D/a", .string, [("2024-05-01T00:00:00Z", .string("x"), nil)])
        #expect(throws: QueryFailure.self) {
            try Self.answer(["--device D --every 1d --format csv"], of: source)
        }
    }

    @Test("times have the form asked for, or the error names the first time that it would cut")
    func timeForms() throws {
        let rows = "--device WT2 --point Power --format"
        #expect(try Self.rows(rows, "csv --time-digits 3") == ["WT2,Power,2024-05-01T00:00:00.000Z,7,"])
        #expect(try Self.rows(rows, "csv --time-digits 0") == ["WT2,Power,2024-05-01T00:00:00Z,7,"])
        #expect(try Self.rows(rows, "csv --time-format epoch-ns") == ["WT2,Power,1714521600000000000,7,"])
        #expect(
            try Self.answer([rows, "json --time-format epoch-ns --every 1h"]).rows.first
                == "{\"device\":\"WT2\",\"point\":\"Power\",\"time\":1714521600000000000,\"avg\":7}")
        #expect(
            try Self.rows(rows, "csv --every 1h --time-digits 9") == [
                "WT2,Power,2024-05-01T00:00:00.000000000Z,7"
            ])
        let source = FakeStore.inPieces()
        try source.add(
            "p/D/a", .double,
            [("2024-05-01T00:00:00.5Z", .double(1), nil), ("2024-05-01T00:00:01.0001Z", .double(2), nil)])
        let failure = #expect(throws: QueryFailure.self) {
            try Self.answer(["--device D --format csv --time-digits 3"], of: source)
        }
        #expect(
            failure?.description == "--time-digits 3 would cut 2024-05-01T00:00:01.0001Z of D/a; use 6 or 9")
        #expect(throws: QueryFailure.self) {
            try Self.answer(["--device D --every 500ms --format csv --time-digits 0"], of: source)
        }
        #expect(
            try Self.answer(["--device D --format csv --time-digits 3 --limit 1"], of: source).rows
                == ["D,a,2024-05-01T00:00:00.500Z,1,"])
    }

    @Test("a note names integers that no double can hold if doubles are beside them")
    func mixedNumbers() throws {
        let source = FakeStore.inPieces()
        let time = "2024-05-01T00:00:00Z"
        try source.add("p/D/n", .int64, [(time, .int64(1 << 53 + 1), nil)])
        #expect(try Self.answer(["--device D --format csv"], of: source).notes == [])
        try source.add("p/D/x", .double, [(time, .double(1), nil)])
        #expect(
            try Self.answer(["--device D --format csv"], of: source).notes.first?.hasPrefix(
                "D/n has integers") == true)
        #expect(try Self.answer(["--device D --format table"], of: source).notes == [])
    }

    @Test("names that are the same to Unicode are chosen and printed apart", arguments: ["csv", "ndjson"])
    func alikeNames(format: String) throws {
        let source = FakeStore.inPieces()
        let names = ["\u{E9}", "e\u{301}"]
        let time = "2024-05-01T00:00:00Z"
        for name in names { try source.add("p/\(name)/\(name)", .double, [(time, .double(1), nil)]) }
        for name in names {
            let rows = try Self.answer(["--device \(name) --point \(name) --format \(format)"], of: source)
                .rows
            // The header of CSV is left out, the only row of NDJSON too.
            #expect(rows.count == (format == "csv" ? 1 : 0))
            #expect(rows.allSatisfy { $0.utf8.starts(with: "\(name),\(name),".utf8) })
        }
        let both = names.map { "--device \($0)" }.joined(separator: " ") + " --format \(format)"
        let rows = try Self.answer([both], of: source).rows
        // The order of the bytes: the decomposed name is first.
        let text = try #require(rows.last)
        #expect(text.utf8.count { $0 == 0xC3 } == 2, "\(text)")
    }

    @Test("a query without samples gives no rows and an empty plot")
    func nothing() throws {
        #expect(try Self.rows("--device WT1 --from 2030-01-01 --format csv") == [])
        #expect(try Self.rows("--device WT1 --point Power --from 2030-01-01 --plot") == [])
        #expect(try Self.rows("--device a/b --format csv") == [])
    }

    @Test("plots refuse texts and more than six series")
    func plots() throws {
        #expect(
            Self.failure("--device WT1 --point State --plot").hasPrefix("--plot: WT1/State is a string point")
        )
        #expect(
            try Self.answer(["--device WT1 --plot"]).notes == ["--plot: left out the text point WT1/State"])
        let lines = try Self.rows("--device WT1 --point Power --every 1h --plot")
        #expect(lines.count == 18)
        #expect(lines.first?.hasPrefix("         60 ┤") == true)
    }
}
