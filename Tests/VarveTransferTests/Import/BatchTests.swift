// BatchTests.swift — where batches end, and what happens when one fails.

import Synchronization
import Testing
import VarveFile
import VarveModel
import VarvePlatform
import VarveTestSupport

@testable import VarveTransfer

@Suite struct BatchTests {
    /// Rows of two devices, with quoted line ends, CRLF, bad rows, blank lines and texts.
    private static func text(rows: Int) -> String {
        var text = "\u{FEFF}device,point,time,value,quality\r\n"
        for row in 0..<rows {
            let device = row % 2 == 0 ? "A" : "B"
            let second = row < 10 ? "0\(row)" : "\(row % 60)"
            switch row % 7 {
            case 0: text += "\(device),s,2024-05-01T12:00:\(second)Z,\"line\r\n\"\"\(row)\"\"\",\(row)\n"
            case 1: text += "\(device),t,2024-05-01T12:00:\(second)Z,,\r\n\r\n"
            case 2: text += "\(device),nope,2024-05-01T12:00:\(second)Z,1,\n"
            case 3: text += "\(device),t,2024-05-01T12:00:\(second)Z,,1\n"
            case 4: text += "\(device),t,2024-05-01T12:00:\(second)Z,1\n"
            case 5: text += "\(device),\"t\"x,2024-05-01T12:00:\(second)Z,1,\n"
            default: text += "\(device),t,2024-05-01T12:00:\(second)+02:00,\(row).25,\r\n"
            }
        }
        return text + "A,t,2024-05-01T12:0"
    }

    private struct Outcome: Equatable {
        var receipt: Receipt
        var batches: [[SampleColumns]]
        var keys: [[SeriesKey]]
        var rejected: String?
    }

    private func run(_ text: String, name: String = "in.csv", buffer: Int, rows: Int) throws -> Outcome {
        let fixture = try TransferFixture()
        var limits = BatchLimits()
        limits.rows = rows
        let sizes = ReadingSizes(buffer: buffer, maximumRowBytes: 300)
        let result = try fixture.run(text, name: name, sizes: sizes, limits: limits)
        let batches = fixture.store.batches
        #expect(batches.map(\.part?.index) == (0..<UInt32(batches.count)).map { $0 })
        #expect(batches.map(\.part?.isLast) == batches.indices.map { $0 == batches.count - 1 })
        return Outcome(
            receipt: result.receipt, batches: batches.map { $0.series.map(\.columns) },
            keys: batches.map { $0.series.map(\.key) }, rejected: try fixture.text("\(name).rejected.csv"))
    }

    @Test("batches, counts and rejected rows do not depend on the size of the buffers")
    func bufferSizes() throws {
        let text =
            Self.text(rows: 60) + String(repeating: "x", count: 700) + "\nA,t,2024-05-01T13:00:00Z,1,\n"
        let expected = try run(text, buffer: 1 << 16, rows: 10)
        #expect(expected.batches.count == 7)
        #expect(expected.receipt.rejected == 26)
        #expect(expected.receipt.rows == 62)
        for buffer in 1...70 {
            let isSame = try run(text, buffer: buffer, rows: 10) == expected
            #expect(isSame, "buffers of \(buffer) bytes")
        }
    }

    @Test("NDJSON rows do not depend on the size of the buffers")
    func bufferSizesNDJSON() throws {
        var text = ""
        for row in 0..<30 {
            text +=
                "{\"device\":\"A\",\"point\":\"s\",\"time\":\(1_714_564_800 + row),\"value\":\"\\u00e4\(row)\"}\r\n\n"
            if row % 5 == 0 { text += "{\"device\":\"A\",\"point\":\n" }
        }
        text += String(repeating: " ", count: 500) + "\n{\"device\""
        let expected = try run(text, name: "in.ndjson", buffer: 1 << 16, rows: 7)
        #expect(expected.receipt.accepted == 30)
        #expect(expected.receipt.rejected == 8)
        for buffer in 1...70 {
            let outcome = try run(text, name: "in.ndjson", buffer: buffer, rows: 7)
            let isSame = outcome == expected
            #expect(isSame, "buffers of \(buffer) bytes")
        }
    }

    @Test("an unclosed quote costs only its line, at any end of a buffer")
    func unclosedQuote() throws {
        let good = "A,t,2024-05-01T12:00:00Z,1,\n"
        let text = "device,point,time,value,quality\nA,\"t,1,2,\n" + String(repeating: good, count: 40)
        for buffer in [1, 7, 100, 290, 300, 310, 1000, 1 << 16] {
            let outcome = try run(text, buffer: buffer, rows: 100)
            #expect(outcome.receipt.rejected == 1, "\(buffer)")
            #expect(outcome.receipt.stored == 40, "\(buffer)")
        }
    }

    @Test("no empty batch follows a file that fills its last batch exactly")
    func exactFit() throws {
        let rows = (0..<20).map { "A,t,2024-05-01T12:00:\($0 + 10)Z,1,\n" }.joined()
        let outcome = try run("device,point,time,value,quality\n" + rows, buffer: 64, rows: 10)
        #expect(outcome.batches.map { $0.map(\.count) } == [[10], [10]])
    }

    @Test("a file without a good row still commits one last, empty batch")
    func nothingGood() throws {
        let outcome = try run("device,point,time,value,quality\nX,t,1,1,\n", buffer: 64, rows: 10)
        #expect(outcome.batches == [[]])
        #expect(outcome.receipt.rejected == 1)
        #expect(try run("device,point,time,value,quality\n", buffer: 64, rows: 10).batches == [[]])
    }

    @Test("every limit of a batch ends it")
    func limits() throws {
        let header = "device,point,time,value\n"
        let rows = (0..<40).map {
            "A,s,2024-05-01T12:00:\($0 + 10)Z,v\($0)\nB,s,2024-05-01T12:00:\($0 + 10)Z,w\n"
        }
        func batches(_ change: (inout BatchLimits) -> Void) throws -> Int {
            let fixture = try TransferFixture()
            var limits = BatchLimits()
            change(&limits)
            let result = try fixture.run(header + rows.joined(), limits: limits)
            #expect(result.receipt.rows == 80)
            #expect(fixture.store.samples("A", "s").count == 40)
            return fixture.store.batches.count
        }
        #expect(try batches { _ in } == 1)
        #expect(try batches { $0.rowBytes = 500 } > 4)
        #expect(try batches { $0.valueBytes = 20 } > 4)
        #expect(try batches { $0.series = 1 } == 80)
        #expect(try batches { $0.nameBytes = 4 } == 40)
    }

    @Test("a failed commit ends the import with the sink's error and commits no later batch")
    func failure() throws {
        let fixture = try TransferFixture()
        fixture.store.withState { $0.failing = [3] }
        var limits = BatchLimits()
        limits.rows = 10
        let rows = (0..<100).map { "A,t,\(1_714_564_800 + $0),1\n" }.joined()
        #expect(throws: FakeStore.DiskFailure.self) {
            try fixture.run("device,point,time,value\n" + rows + "A\n", limits: limits)
        }
        #expect(fixture.store.batches.count == 2)
        #expect(try fixture.text("in.csv.rejected.csv") == nil)
        #expect(try fixture.text("in.csv.rejected.csv.partial") == nil)
    }

    @Test("no more elements wait between two threads than the queue allows")
    func handover() throws {
        let queue = Handover<Int>(capacity: 2)
        let thread = try WorkerThread {
            for number in 0..<1000 { queue.put(number) }
            queue.close()
        }
        var next = 0
        while let number = queue.take() {
            #expect(number == next)
            #expect(queue.waiting <= 2)
            next += 1
        }
        thread.join()
        #expect(next == 1000)
        #expect(!queue.put(1))
    }
}
