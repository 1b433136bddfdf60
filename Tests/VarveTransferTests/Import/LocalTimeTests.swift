// LocalTimeTests.swift — times without an offset: which zone they are in, and the hours of clock changes.

import Synchronization
import Testing
import VarveModel
import VarveTestSupport
import VarveText

@testable import VarveTransfer

@Suite struct LocalTimeTests {
    /// The result of importing rows `time,value` of point t of device A.
    private struct Outcome {
        var result: ImportResult
        /// The samples as times with values, such as `26T00:00=2`.
        var samples: [String]
        var reasons: [String]
    }

    private func run(
        _ rows: String, zone: TestZone = .paris, limits: BatchLimits = BatchLimits(),
        _ change: (inout ImportOptions) -> Void = { _ in }
    ) throws -> Outcome {
        let fixture = try TransferFixture()
        let lines = rows.split(separator: " ").map { "A,t,\($0.replacing("_", with: " ")),\n" }
        let result = try fixture.run("device,point,time,value,quality\n" + lines.joined(), limits: limits) {
            $0.local.zone = zone
            change(&$0)
        }
        return Outcome(
            result: result, samples: Self.shown(fixture.store.samples("A", "t")),
            reasons: try fixture.reasons())
    }

    private static func shown(_ samples: [Sample]) -> [String] {
        samples.map { sample in
            guard case .double(let value)? = sample.value else { return "none" }
            return "\(sample.time.description.dropFirst(8).prefix(8))=\(Int(value))"
        }
    }

    @Test("the order of rows shows the passes of an hour that comes twice")
    func autumn() throws {
        let day = "2014-10-26_"
        let rows = ["02:00:00,2", "02:30:00,3", "02:00:00,4", "02:30:00,5", "03:00:00,6"].map { day + $0 }
        let ascending = try run(rows.joined(separator: " "))
        #expect(ascending.samples == ["26T00:00=2", "26T00:30=3", "26T01:00=4", "26T01:30=5", "26T02:00=6"])
        #expect(try run(rows.reversed().joined(separator: " ")).samples == ascending.samples)
        let zone = try #require(ascending.result.zones.first)
        #expect(zone.name == "Europe/Paris")
        #expect(zone.repeated == 4)
        #expect(zone.repeatedRejected == 0)
    }

    @Test("rows only inside the hour show their direction, and two hourly rows are two samples")
    func insideOnly() throws {
        let down = "2014-10-26_02:30,5 2014-10-26_02:00,4 2014-10-26_02:30,3 2014-10-26_02:00,2"
        #expect(try run(down).samples == ["26T00:00=2", "26T00:30=3", "26T01:00=4", "26T01:30=5"])
        #expect(try run("2014-10-26_02:00,5 2014-10-26_02:00,5").samples == ["26T00:00=5", "26T01:00=5"])
    }

    @Test("one run or three runs show no passes, and adjacent repeats are one row")
    func unclear() throws {
        let once = try run("2014-10-26_01:30,1 2014-10-26_02:00,2 2014-10-26_02:30,3 2014-10-26_03:00,4")
        #expect(once.samples == ["25T23:30=1", "26T02:00=4"])
        #expect(once.reasons.count == 2)
        #expect(
            once.reasons.allSatisfy { $0.contains("once only in the file: --repeated-hour first or second") })
        let three = try run("2014-10-26_02:00,1 2014-10-26_02:00,2 2014-10-26_02:00,3")
        #expect(three.samples.isEmpty)
        #expect(three.reasons[0].contains("begin it 3 times"))
        let repeats = try run("2014-10-26_02:00,1 2014-10-26_02:00,1.0 2014-10-26_02:30,2 2014-10-26_02:00,3")
        #expect(repeats.samples == ["26T00:00=1", "26T00:30=2", "26T01:00=3"])
        #expect(repeats.result.receipt.identical == 1)
    }

    @Test("a repeated row in an hour with a single pass makes no second pass")
    func copiedRow() throws {
        let day = "2014-10-26_"
        let rows = ["02:00,1", "02:10,2", "02:10,2", "02:20,3"].map { day + $0 }.joined(separator: " ")
        let copied = try run(rows)
        #expect(copied.samples.isEmpty)
        #expect(copied.reasons.count == 4 && copied.reasons.allSatisfy { $0.contains("once only") })
        #expect(try run(rows) { $0.local.repeatedHour = .first }.samples.count == 3)
        // With another value the row is no copy.
        #expect(try run(rows.replacing("2 2014-10-26_02:20", with: "9 2014-10-26_02:20")).samples.count == 4)
    }

    @Test("rows in no order do not show the passes, but rows with a few late ones do")
    func unordered() throws {
        let day = "2014-10-26_"
        func reasons(_ rows: [String]) throws -> [String] {
            try run(rows.map { day + $0 }.joined(separator: " ")).reasons
        }
        let mixed = ["05:00,1", "02:30,2", "07:00,3", "02:10,4", "06:00,5", "09:00,6"]
        let rejected = try reasons(mixed)
        #expect(rejected.count == 2 && rejected.allSatisfy { $0.contains("in no order") })
        let late = ["00:30,1", "02:30,2", "02:10,3", "05:00,4", "01:30,5", "06:00,6", "07:00,7"]
        #expect(try reasons(late).isEmpty)
    }

    @Test(
        "runs with other rows between them are not passes: a backlog behind live rows, a block twice, a late correction"
    )
    func parted() throws {
        let day = "2014-10-26_"
        for times in [
            [
                "02:00,20", "02:30,21", "03:00,22", "03:30,23", "04:00,24", "01:00,8", "01:30,10", "02:00,11",
                "02:30,12",
            ],
            ["01:50,1", "02:30,2", "03:10,3", "03:20,3", "03:30,3", "02:30,2"],
            ["01:50,1", "02:10,2", "02:30,3", "03:10,4", "05:10,4", "02:30,33"],
        ] {
            let ended = try run(times.map { day + $0 }.joined(separator: " "))
            let inside = times.count { $0.hasPrefix("02") }
            #expect(ended.samples.count == times.count - inside && ended.reasons.count == inside)
            #expect(
                ended.reasons.allSatisfy { $0.contains("other rows of the point are between its rows") })
        }
    }

    @Test("one row outside the hour shows the direction")
    func around() throws {
        let one = try run("2014-10-26_03:00,4 2014-10-26_02:00,3 2014-10-26_02:00,2")
        #expect(one.samples == ["26T00:00=2", "26T01:00=3", "26T02:00=4"])
        #expect(try run("2014-10-26_02:30,2 2014-10-26_03:00,3 2014-10-26_02:30,2").samples == ["26T02:00=3"])
    }

    @Test("rows that wait on disk and many batches do not change the result")
    func spilled() throws {
        let times = (0..<60).map { "2014-10-26_02:\($0 < 10 ? "0" : "")\($0):00" }
        let rows = times.map { $0 + ",1" } + times.map { $0 + ",2" }
        let whole = try run(rows.joined(separator: " "))
        var limits = BatchLimits()
        limits.waitingBytes = 100
        limits.rows = 7
        let cut = try run(rows.joined(separator: " "), limits: limits)
        #expect(whole.samples.count == 120)
        #expect(cut.samples == whole.samples)
    }

    @Test("rows are of the first or second pass, or rejected, as the caller says")
    func chosen() throws {
        let rows = "2014-10-26_02:00,2 2014-10-26_02:30,3"
        #expect(try run(rows) { $0.local.repeatedHour = .first }.samples == ["26T00:00=2", "26T00:30=3"])
        #expect(try run(rows) { $0.local.repeatedHour = .second }.samples == ["26T01:00=2", "26T01:30=3"])
        let rejected = try run(rows) { $0.local.repeatedHour = .reject }
        #expect(rejected.reasons.count == 2)
        #expect(rejected.reasons.allSatisfy { $0.contains("comes twice in Europe/Paris") })
    }

    @Test("rows of an hour that does not exist are rejected, or taken as the hour after it")
    func spring() throws {
        let rows = "2014-03-30_01:30,1 2014-03-30_02:00,2 2014-03-30_02:30,3 2014-03-30_03:00,4"
        let rejected = try run(rows)
        #expect(rejected.samples == ["30T00:30=1", "30T01:00=4"])
        #expect(rejected.reasons.count == 2)
        #expect(rejected.reasons[0].contains("does not exist in Europe/Paris"))
        #expect(rejected.reasons[0].hasSuffix("--tz +01:00"))
        let shifted = try run(rows) { $0.local.missingHour = .shift }
        #expect(shifted.samples == ["30T00:30=1", "30T01:00=4", "30T01:30=3"])
        #expect(shifted.result.zones[0].missing == 2)
    }

    @Test("clock changes of half an hour, missing days and missing midnights are handled")
    func odd() throws {
        let half = ["01:30,1", "01:45,2", "01:30,3", "01:45,4", "02:00,5"].map { "2014-04-06_" + $0 }
        #expect(
            try run(half.joined(separator: " "), zone: .lordHowe).samples
                == ["05T14:30=1", "05T14:45=2", "05T15:00=3", "05T15:15=4", "05T15:30=5"])
        let apia = try run("2011-12-29_23:00,1 2011-12-30_12:00,2 2011-12-30,3 2011-12-31,4", zone: .apia)
        #expect(apia.samples == ["30T09:00=1", "30T10:00=4"])
        #expect(apia.reasons.count == 2)
        let midnight = try run("2018-11-04,1 2018-11-03_24:00,2 2018-11-04_00:30,3", zone: .saoPaulo)
        #expect(midnight.samples == ["04T03:00=2"])
        #expect(midnight.reasons.count == 1)
    }

    @Test("the zone is that of the column, else the option, else the device, else UTC")
    func whose() throws {
        let directory = FakeDirectory(devices: ["A", "B"], points: ["t": .double])
        directory.withState { $0.timeZones = ["A": "Europe/Paris"] }
        func read(
            _ text: String, _ change: (inout ImportOptions) -> Void = { _ in }
        ) throws -> (times: [String], result: ImportResult) {
            let fixture = try TransferFixture(directory: directory)
            let name = text.hasPrefix("{") ? "in.ndjson" : "in.csv"
            let result = try fixture.run(text, name: name) {
                $0.local.zones = TestZones()
                change(&$0)
            }
            return (["A", "B"].flatMap { Self.shown(fixture.store.samples($0, "t")) }, result)
        }
        let plain = "device,point,time,value\nA,t,2014-07-01 12:00,1\nB,t,2014-07-01 12:00,2\n"
        let byDevice = try read(plain)
        #expect(byDevice.times == ["01T10:00=1", "01T12:00=2"])
        #expect(byDevice.result.zones.map(\.isAssumed) == [false, true])
        // The zones were noted, so another zone is reported.
        let byOption = try read(plain) { $0.local.zone = FixedZone(seconds: 3600) }
        #expect(byOption.times == ["01T11:00=1", "01T11:00=2"])
        #expect(byOption.result.otherZones.map(\.zone) == ["Europe/Paris", "UTC"])
        let column = """
            device,point,time,value,zone
            A,t,2014-07-01 12:00,1,UTC
            B,t,2014-07-01 12:00,2,Nowhere
            B,t,2014-07-01 12:00,3,

            """
        let byColumn = try read(column) { $0.local.zoneColumn = "zone" }
        #expect(byColumn.times == ["01T12:00=1", "01T12:00=3"])
        #expect(byColumn.result.receipt.rejected == 1)
        let json = #"{"device":"B","point":"t","time":"2014-07-01 12:00","value":1,"zone":"Europe/Paris"}"#
        #expect(try read(json) { $0.local.zoneColumn = "zone" }.times == ["01T10:00=1"])
    }

    @Test("empty cells of repeated and missing hours are skipped, as nothing is lost")
    func emptyCells() throws {
        let lines = ["2014-03-30 02:30", "2014-10-26 02:30", "2011-12-30"]
        for isWide in [true, false] {
            let fixture = try TransferFixture()
            let head = isWide ? "time,device,t,n\n" : "device,point,time,value\n"
            let rows = lines.map { isWide ? "\($0),A,,\"\"\n" : "A,t,\($0),\nA,n,\($0),off\n" }.joined()
            var missing = MissingReadings()
            let isList = missing.add("off")
            #expect(isList)
            for zone in [TestZone.paris, .apia] {
                let result = try fixture.run(head + rows) {
                    $0.isWide = isWide
                    $0.local.zone = zone
                    $0.missing = missing
                }
                #expect(result.receipt.skipped == 6)
                #expect(result.exitCode == 0)
                #expect(result.zones.allSatisfy { $0.repeated + $0.missing == 0 })
            }
        }
        let kept = try run("2014-03-30_02:30,1 2014-03-30_02:40,x")
        #expect(kept.reasons.count == 2)
    }

    @Test("in wide files each point of a line waits and is decided separately")
    func wide() throws {
        let fixture = try TransferFixture()
        let text = """
            time,device,t,n
            2014-10-26 02:00,A,1,10
            2014-10-26 02:30,A,,20
            2014-10-26 02:00,A,3,30
            2014-10-26 02:30,A,4,x

            """
        let result = try fixture.run(text) {
            $0.isWide = true
            $0.local.zone = TestZone.paris
        }
        #expect(Self.shown(fixture.store.samples("A", "t")) == ["26T00:00=1", "26T01:00=3", "26T01:30=4"])
        #expect(fixture.store.samples("A", "n").map(\.value) == [.int64(10), .int64(20), .int64(30)])
        #expect(result.receipt.skipped == 1)
        #expect(result.receipt.rejected == 1)
        #expect(result.receipt.rows == 4)
    }
}
