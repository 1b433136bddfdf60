// AlikeNamesTests.swift — names that only Unicode takes for equal are different series in every call of a store.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveStorage

@Suite struct AlikeNamesTests {
    /// "é" in one scalar and in two.
    private static let names = ["\u{E9}", "e\u{301}"]
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private static func rows(_ key: SeriesKey, _ value: Double) -> SeriesRows {
        SeriesRows(key, .double, [Sample(time: Timestamp(nanoseconds: 10), value: .double(value))])
    }

    private static func key(product: Int = 0, device: Int = 0, point: Int = 0) -> SeriesKey {
        SeriesKey(product: "p" + names[product], device: names[device], point: names[point])
    }

    /// Every combination of the two forms in product, device and point.
    private static let keys = (0..<8).map { key(product: $0 & 1, device: $0 >> 1 & 1, point: $0 >> 2) }

    private func withStore(_ body: (Store) throws -> Void) throws {
        let store = try Store.open(directory.path)
        for (index, key) in Self.keys.enumerated() {
            _ = try store.commit(SampleBatch(series: [Self.rows(key, Double(index))]))
        }
        try body(store)
        try store.close()
    }

    /// The value of each series, by its number in `keys`; nil for a series without samples.
    private func values(_ store: Store) throws -> [Double?] {
        try Self.keys.map { key in
            guard case .double(let value)? = try store.snapshot().samples(key, .double).first?.value else {
                return nil
            }
            return value
        }
    }

    @Test("each is stored and read apart, before and after the store is opened again")
    func stored() throws {
        try withStore { store throws in #expect(try values(store) == (0..<8).map(Double.init)) }
        let again = try Store.open(directory.path)
        #expect(try values(again) == (0..<8).map(Double.init))
        try again.close()
    }

    @Test("the series of a device are those of its bytes, of both devices if both are named")
    func ofDevices() throws {
        try withStore { store throws in
            let snapshot = store.snapshot()
            for device in 0..<2 {
                let found = snapshot.series(ofDevices: [Name(Self.names[device])]).map(\.key)
                #expect(Set(found) == Set(Self.keys.filter { $0.device.sameBytes(as: Self.names[device]) }))
                #expect(found.count == 4)
            }
            #expect(snapshot.series(ofDevices: Set(Self.names.map { Name($0) })).count == 8)
            // The default of the protocol, without the store's own search.
            #expect(try Listed(all: snapshot.series()).series(ofDevices: [Name(Self.names[0])]).count == 4)
        }
    }

    private struct Listed: SampleSource {
        var all: [SeriesInfo]

        func series() -> [SeriesInfo] { all }

        func read(
            _: SeriesKey, in _: TimeRange, order _: TimeOrder, _: (SampleColumns) throws -> Bool
        ) throws {}
    }

    @Test("deletion takes only the series that it names")
    func deleted() throws {
        try withStore { store throws in
            #expect(try store.delete([Self.keys[3]], in: .all).samples == 1)
            #expect(try values(store) == (0..<8).map { $0 == 3 ? nil : Double($0) })
        }
    }

    @Test("retention of one product leaves the other as it is")
    func expired() throws {
        try withStore { store throws in
            let product = Name(Self.key(product: 1).product)
            let rules = [
                product: ProductRetention(period: RetentionPeriod(seconds: 60), rule: "product keeps 60s")
            ]
            #expect(try store.expire(rules).samples == 4)
            #expect(try values(store) == (0..<8).map { $0 & 1 == 1 ? nil : Double($0) })
            store.setRetention { rules }
            let late = try [0, 1].map { number in
                let key = Self.key(product: number)
                let sample = Sample(time: Timestamp(nanoseconds: 11), value: .double(1))
                return try store.commit(SampleBatch(series: [SeriesRows(key, .double, [sample])])).receipt
            }
            #expect(late.map(\.accepted) == [1, 0] && late.map(\.expired) == [0, 1])
        }
    }
}
