// FakeStore+Query.swift — a store in memory that `varve query` can read.

import Synchronization
import VarveModel
import VarveQuery
import VarveTestSupport
import VarveText

extension FakeStore: AggregateSource {
    /// Makes an empty store that is read in pieces of three rows.
    static func inPieces() -> FakeStore {
        let store = FakeStore()
        store.withState { $0.pieceRows = 3 }
        return store
    }

    /// Adds a series, named as `product/device/point`, with times in RFC 3339.
    func add(_ path: String, _ type: ValueType, _ values: [(String, Value?, Int32?)]) throws {
        let names = path.split(separator: "/").map(String.init)
        let key = SeriesKey(product: names[0], device: names[1], point: names[2])
        let samples = try values.map {
            Sample(time: try Timestamp.parse($0.0), value: $0.1, quality: $0.2)
        }
        _ = try commit(SampleBatch(series: [SeriesRows(key, type, samples)]))
    }
}
