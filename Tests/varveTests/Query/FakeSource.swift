// FakeSource.swift — a store in memory.

import VarveModel
import VarveQuery
import VarveStorage
import VarveText

struct FakeSource: AggregateSource {
    var samples: [SeriesKey: (type: ValueType, samples: [Sample])] = [:]
    var pieceCount = 3

    mutating func add(_ path: String, _ type: ValueType, _ values: [(String, Value?, Int32?)]) throws {
        let names = path.split(separator: "/").map(String.init)
        let key = SeriesKey(product: names[0], device: names[1], point: names[2])
        samples[key] = (
            type, try values.map { Sample(time: try Timestamp.parse($0.0), value: $0.1, quality: $0.2) }
        )
    }

    func series() -> [SeriesInfo] {
        samples.map { SeriesInfo(key: $0.key, type: $0.value.type) }.sorted { $0.key < $1.key }
    }

    func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder, _ body: (SampleColumns) throws -> Bool
    ) throws {
        guard let (type, all) = samples[key] else { return }
        var rest = all.filter { range.contains($0.time) }[...]
        while !rest.isEmpty {
            let piece =
                order == .ascending ? Array(rest.prefix(pieceCount)) : rest.suffix(pieceCount).reversed()
            rest = order == .ascending ? rest.dropFirst(pieceCount) : rest.dropLast(pieceCount)
            var columns = SampleColumns(type: type)
            for sample in piece { columns.append(sample) }
            guard try body(columns) else { return }
        }
    }
}
