// MessageShape.swift — streams of messages of 40 samples, like those of gateways.

import VarveModel

/// How the 40 samples of a message are divided into devices and times.
struct MessageShape {
    var devices: Int
    var times: Int
    var series: Int

    /// The messages of one commit.
    static let groupSize = 256
    private static let points = 10
    private static let start: Int64 = 1_700_000_000_000_000_000

    static let all = [
        MessageShape(devices: 4, times: 1, series: 1_000),
        MessageShape(devices: 1, times: 4, series: 1_000),
        MessageShape(devices: 4, times: 1, series: 100_000),
        MessageShape(devices: 1, times: 4, series: 100_000),
    ]

    var name: String { "\(devices) devices × \(Self.points) points × \(times) times, \(series) series" }

    /// The devices, which send in turn.
    var deviceNames: [String] { (0..<series / Self.points).map { "device-\($0)" } }

    /// Message `number`: from the next devices in turn, each a step later than in its last turn.
    func message(_ number: Int, _ names: [String]) -> SampleBatch {
        var series: [SeriesRows] = []
        series.reserveCapacity(devices * Self.points)
        for place in 0..<devices {
            let turn = number * devices + place
            let first = Self.start + Int64(turn / names.count * times) * 10_000_000_000
            for point in 0..<Self.points {
                var columns = SampleColumns(type: .double)
                let rows = 0..<Int64(times)
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
