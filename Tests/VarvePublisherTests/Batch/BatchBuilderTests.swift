// BatchBuilderTests.swift — where batches end, and which rows share an item.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarvePublisher

@Suite struct BatchBuilderTests {
    private static let devices = ["d0", "d1"]
    private static let points = ["a", "b", "ü\"x"]

    /// The batches made from rows of device, point and time.
    private func batches(
        _ rows: [(device: Int, point: Int, time: Int64)], rowLimit: Int = 1000, byteLimit: Int = 1 << 18
    ) -> [Batch] {
        var builder = BatchBuilder(rows: rowLimit, bytes: byteLimit)
        for device in Self.devices {
            for point in Self.points { builder.addSeries(device: device, point: point) }
        }
        var batches: [Batch] = []
        for (number, row) in rows.enumerated() {
            let reading = BatchBuilder.Reading(
                series: row.device * Self.points.count + row.point, time: row.time * 1_000_000, state: 0,
                line: number)
            let value = Array("\(number)".utf8)
            if builder.isFull(for: reading, valueBytes: value.count) { batches.append(builder.finishBatch()) }
            builder.add(reading, value: value[...], text: Array("row \(number)".utf8)[...])
        }
        batches.append(builder.finishBatch())
        return batches
    }

    private func message(_ batch: Batch) -> String {
        String(decoding: batch.message(id: "i", 0..<batch.order.count), as: UTF8.self)
    }

    @Test("rows of one device and time share an item, at any place in the batch")
    func sharedItems() throws {
        let batch = try #require(batches([(0, 0, 5), (1, 0, 5), (0, 1, 5), (0, 2, 6)]).first)
        #expect(
            message(batch) == """
                {"id":"i","version":"1.0","method":"integration.measurepoint.post","params":[\
                {"deviceKey":"d0","time":5,"measurepoints":{"a":0,"b":2}},\
                {"deviceKey":"d1","time":5,"measurepoints":{"a":1}},\
                {"deviceKey":"d0","time":6,"measurepoints":{"ü\\"x":3}}]}
                """)
    }

    @Test("a point that the item already has begins a new item after it")
    func repeatedPoint() throws {
        let batch = try #require(
            batches([(0, 0, 5), (0, 0, 5), (0, 1, 5), (0, 0, 5), (0, 1, 5)]).first)
        #expect(
            message(batch).hasSuffix(
                """
                "params":[{"deviceKey":"d0","time":5,"measurepoints":{"a":0}},\
                {"deviceKey":"d0","time":5,"measurepoints":{"a":1,"b":2}},\
                {"deviceKey":"d0","time":5,"measurepoints":{"a":3,"b":4}}]}
                """))
    }

    @Test("of two rows of the same reading the later one is later in the message")
    func order() {
        let seed: UInt64 = 11
        var generator = SeededGenerator(seed: seed)
        for round in 0..<200 {
            let rows = (0..<60).map { _ in
                (
                    Int.random(in: 0..<2, using: &generator), Int.random(in: 0..<3, using: &generator),
                    Int64.random(in: 0..<4, using: &generator)
                )
            }
            for batch in batches(rows, rowLimit: 40) {
                let readings = Payload.readings(batch.message(id: "i", 0..<batch.order.count))
                #expect(readings.count == batch.rows.count, "seed \(seed), round \(round)")
                var last: [String: Int] = [:]
                for reading in readings {
                    let number = Int(reading.value) ?? -1
                    #expect(last[reading.key, default: -1] < number, "seed \(seed), round \(round)")
                    last[reading.key] = number
                }
                // A key that is repeated in one object would be read as "twice", which is no number.
                #expect(Set(readings.map(\.value)).count == readings.count, "seed \(seed), round \(round)")
            }
        }
    }

    @Test("a batch ends at its limit of rows or bytes, and no message exceeds the limit")
    func limits() {
        let rows = (0..<1000).map { (Int($0 % 2), Int($0 % 3), Int64($0)) }
        #expect(batches(rows, rowLimit: 300).map(\.rows.count) == [300, 300, 300, 100])
        let small = batches(rows, byteLimit: 2048)
        #expect(small.count > 10)
        #expect(small.reduce(0) { $0 + $1.rows.count } == 1000)
        for batch in small {
            let size = batch.message(id: String(repeating: "x", count: 40), 0..<batch.order.count).count
            #expect(size <= 2048)
            #expect(size > 700 || batch.index == small.count - 1)
        }
    }

    @Test("times are milliseconds with the decimals they need")
    func times() {
        func text(_ nanoseconds: Int64) -> String {
            var bytes: [UInt8] = []
            MessageForm.appendTime(nanoseconds, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(text(0) == "0")
        #expect(text(1) == "0.000001")
        #expect(text(-500_000) == "-0.5")
        #expect(text(1_700_000_000_123_450_000) == "1700000000123.45")
        #expect(text(.max) == "9223372036854.775807")
        #expect(text(.min) == "-9223372036854.775808")
    }
}
