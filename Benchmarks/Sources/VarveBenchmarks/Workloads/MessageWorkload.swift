// MessageWorkload.swift — commits of groups of small messages, as the offline channel makes them.
//
// Only `commit(group:)` is timed, flushes included; making the messages is not. The processor time on a disk whose
// syncs do nothing shows what the engine itself costs, the wall time on the real one what a stream reaches.

import VarveFile
import VarveModel
import VarveStorage

/// Measures the commits of a stream of messages of 40 samples.
struct MessageWorkload {
    let scratch: TemporaryFolder
    let runs: Int

    private static let groupSize = 256
    private static let points = 10
    private static let start: Int64 = 1_700_000_000_000_000_000

    /// How the 40 samples of a message are spread.
    private struct Shape {
        var devices: Int
        var times: Int
        var series: Int
        var messages: Int
    }

    private static let shapes = [
        Shape(devices: 4, times: 1, series: 1_000, messages: 30_720),
        Shape(devices: 1, times: 4, series: 1_000, messages: 30_720),
        Shape(devices: 4, times: 1, series: 100_000, messages: 30_720),
        Shape(devices: 1, times: 4, series: 100_000, messages: 30_720),
    ]

    func run(into report: inout Report) throws {
        var lines: [Report.Line] = []
        for shape in Self.shapes {
            let name =
                "\(shape.devices) devices × \(Self.points) points × \(shape.times) times, \(shape.series) series"
            var bare = Figure()
            var durable = Figure()
            for _ in 0..<runs {
                bare.add(try rates(shape, on: UnsyncedFiles()).processor)
                durable.add(try rates(shape, on: POSIXFileSystem()).wall)
            }
            let goal = shape.series == 1_000 ? Goal.atLeast(30_000) : nil
            lines.append(.init("\(name), processor time without syncs", "messages/s", bare, goal))
            lines.append(.init("the same, wall time, durable", "messages/s", durable))
        }
        report.add("Messages of 40 samples, \(Self.groupSize) to a sync, one thread", lines)
    }

    private func rates(
        _ shape: Shape, on files: any FileSystem
    ) throws -> (processor: Double, wall: Double) {
        let store = try Store.open(scratch.fresh("messages"), files: files)
        let names = (0..<shape.series / Self.points).map { "device-\($0)" }
        var processor = 0.0
        var wall = 0.0
        var next = 0
        while next < shape.messages {
            let group = (next..<next + Self.groupSize).map { Self.message($0, shape, names) }
            next += Self.groupSize
            let timed = Stopwatch.time { Stopwatch.processorTime { store.commit(group: group) } }
            wall += timed.seconds
            processor += timed.result.seconds
            for result in timed.result.result where try result.get().receipt.accepted != 40 {
                throw HarnessError("a message of the benchmark was not new")
            }
        }
        try store.close()
        return (Double(next) / processor, Double(next) / wall)
    }

    /// Message `number`: the next devices in turn, each a step later than at its last turn.
    private static func message(_ number: Int, _ shape: Shape, _ names: [String]) -> SampleBatch {
        var series: [SeriesRows] = []
        series.reserveCapacity(shape.devices * points)
        for place in 0..<shape.devices {
            let turn = number * shape.devices + place
            let first = start + Int64(turn / names.count * shape.times) * 10_000_000_000
            for point in 0..<points {
                var columns = SampleColumns(type: .double)
                let rows = 0..<Int64(shape.times)
                columns.times = rows.map { first + $0 * 10_000_000_000 }
                columns.states = rows.map { _ in 0 }
                columns.values = .bits(
                    rows.map { (Double((turn &* 7919 &+ point &* 31 &+ Int($0)) % 10_000) / 100).bitPattern })
                let key = SeriesKey(
                    product: "wind-farm", device: names[turn % names.count], point: "P\(point)_avg")
                series.append(SeriesRows(key: key, type: .double, columns: columns))
            }
        }
        return SampleBatch(series: series)
    }
}
