// ListSource.swift — a source with one series as a list of samples, without statistics.

import VarveModel

@testable import VarveQuery
@testable import VarveStorage

/// A source with one series.
struct ListSource: AggregateSource {
    static let key = SeriesKey(product: "p", device: "d", point: "x")

    /// The type of the values.
    var type = ValueType.double
    /// Ascending, each time once.
    var samples: [Sample]
    /// How many samples come at once.
    var pieceCount = 3

    /// Samples of type double at whole seconds, without quality.
    init(_ values: [(second: Int64, value: Double?)]) {
        samples = values.map {
            Sample(
                time: Timestamp(nanoseconds: $0.second * 1_000_000_000), value: $0.value.map(Value.double),
                quality: nil)
        }
    }

    init(_ type: ValueType, _ samples: [Sample]) {
        self.type = type
        self.samples = samples
    }

    var info: SeriesInfo { SeriesInfo(key: Self.key, type: type) }

    func series() -> [SeriesInfo] { [info] }

    func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder, _ body: (SampleColumns) throws -> Bool
    ) throws {
        let inside = samples.filter { range.contains($0.time) }
        var rest = (order == .ascending ? inside : inside.reversed())[...]
        while !rest.isEmpty {
            var columns = SampleColumns(type: type)
            for sample in rest.prefix(pieceCount) { columns.append(sample) }
            rest = rest.dropFirst(pieceCount)
            guard try body(columns) else { return }
        }
    }
}

extension AggregateSource {
    /// The filled rows of a series, the earliest first in both orders.
    func filledRows(
        _ fill: Fill, of series: SeriesInfo, _ request: AggregateRequest,
        limit: Int = GapFiller.defaultLimit
    ) throws -> [AggregateRow] {
        var filler = GapFiller(fill, request, limit: limit)
        var rows: [AggregateRow] = []
        try filler.rows(of: series, in: self) { row in
            var row = row
            row.held = nil
            rows.append(row)
            return true
        }
        return request.order == .ascending ? rows : rows.reversed()
    }
}
