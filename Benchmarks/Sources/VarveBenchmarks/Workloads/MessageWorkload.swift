// MessageWorkload.swift — commits of groups of small messages, like those of the offline channel.
//
// Only `commit(group:)` is timed, with its flushes; building the messages is not. The processor time on a
// disk whose syncs do nothing shows the cost of the engine itself. The wall time on the real disk shows what
// a stream reaches.

import VarveFile
import VarveModel
import VarveStorage

/// Measures the commits of a stream of messages of 40 samples.
struct MessageWorkload {
    let scratch: TemporaryFolder
    let runs: Int

    private static let messages = 30_720

    func run(into report: inout Report) throws {
        var lines: [Report.Line] = []
        for shape in MessageShape.all {
            var bare = Figure()
            var durable = Figure()
            for _ in 0..<runs {
                bare.add(try rates(shape, on: UnsyncedFiles()).processor)
                durable.add(try rates(shape, on: POSIXFileSystem()).wall)
            }
            let goal = shape.series == 1_000 ? Goal.atLeast(30_000) : nil
            lines.append(.init("\(shape.name), processor time without syncs", "messages/s", bare, goal))
            lines.append(.init("the same, wall time, durable", "messages/s", durable))
        }
        report.add("Messages of 40 samples, \(MessageShape.groupSize) to a sync, one thread", lines)
    }

    private func rates(
        _ shape: MessageShape, on files: any FileSystem
    ) throws -> (processor: Double, wall: Double) {
        let store = try Store.open(scratch.fresh("messages"), files: files)
        let names = shape.deviceNames
        var processor = 0.0
        var wall = 0.0
        var next = 0
        while next < Self.messages {
            let group = (next..<next + MessageShape.groupSize).map { shape.message($0, names) }
            next += MessageShape.groupSize
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
}
