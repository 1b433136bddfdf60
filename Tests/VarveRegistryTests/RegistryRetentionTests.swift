// RegistryRetentionTests.swift — retention rules and the policy of a product, which are sealed like all other rows.

import Testing
import VarveModel
import VarveText

@testable import VarveRegistry

@Suite struct RegistryRetentionTests {
    private let fixture: RegistryFixture

    init() throws {
        fixture = try RegistryFixture()
        try fixture.registry.create(Model(id: "turbine", points: [MeasurementPoint(id: "p", type: .double)]))
        for key in ["north", "south"] { try fixture.registry.create(Product(key: key, model: "turbine")) }
    }

    private static func periods(_ registry: Registry) throws -> [Name: RetentionPeriod] {
        try registry.productRetentions().compactMapValues(\.others?.period)
    }

    @Test("a product's rule comes before its model's, and a product without a rule is left out")
    func precedence() throws {
        let registry = fixture.registry
        #expect(try Self.periods(registry).isEmpty && registry.historySeconds() == 604_800)
        let year = RetentionPeriod(seconds: 31_536_000)
        let week = RetentionPeriod(seconds: 604_800, basis: .arrival)
        try registry.setRetention(.model("turbine"), year)
        #expect(try Self.periods(registry) == ["north": year, "south": year])
        try registry.setRetention(.product("south"), week)
        try registry.setRetention(.history, RetentionPeriod(seconds: 0))
        let reader = try Registry.open(path: fixture.path, create: false, readOnly: true)
        #expect(try Self.periods(reader) == ["north": year, "south": week])
        #expect(try reader.historySeconds() == 0)
        try reader.verifySeal()
        try registry.setRetention(.product("south"), year)
        try registry.setRetention(.model("turbine"), nil)
        #expect(try Self.periods(registry) == ["south": year])
        try registry.verifySeal()
    }

    @Test("rules of products that are the same to Unicode are apart")
    func alikeProducts() throws {
        let registry = fixture.registry
        let keys = ["caf\u{E9}", "cafe\u{301}"]
        for key in keys { try registry.create(Product(key: key, model: "turbine")) }
        for (number, key) in keys.enumerated() {
            try registry.setRetention(.product(key), RetentionPeriod(seconds: Int64(number + 1)))
        }
        let periods = try Self.periods(registry)
        #expect(keys.map { periods[Name($0)]?.seconds } == [1, 2])
        try registry.setRetention(.product(keys[0]), nil)
        #expect(try Self.periods(registry) == [Name(keys[1]): RetentionPeriod(seconds: 2)])
        try registry.verifySeal()
    }

    @Test("a rule needs its product or model and is deleted with it")
    func owners() throws {
        let registry = fixture.registry
        let day = RetentionPeriod(seconds: 86_400)
        #expect(code { try registry.setRetention(.product("east"), day) } == .notFound)
        #expect(code { try registry.setRetention(.model("motor"), day) } == .notFound)
        #expect(
            code { try registry.setRetention(.product("south"), RetentionPeriod(seconds: 0)) } == .invalid)
        try registry.setRetention(.product("south"), day)
        try registry.setRetention(.product("north"), day)
        try registry.setRetention(.model("turbine"), day)
        for key in ["north", "south"] { try registry.deleteProduct(key) }
        #expect(try registry.retentionRules().map(\.scope) == [.model("turbine")])
        try registry.deleteModel("turbine")
        #expect(try registry.retentionRules().isEmpty)
        try registry.verifySeal()
    }

    @Test("the policy of a product can be changed, and is found by the next look-up")
    func policy() throws {
        let registry = fixture.registry
        try registry.create(Device(product: "south", key: "d"))
        func policy() throws -> DuplicatePolicy? {
            guard case .found(let point) = try registry.lookUp(product: nil, device: "d", point: "p") else {
                return nil
            }
            return point.policy
        }
        #expect(try policy() == .last)
        #expect(try registry.setDuplicates(.first, ofProduct: "south").duplicates == .first)
        #expect(try policy() == .first && registry.product("south").duplicates == .first)
        #expect(code { try registry.setDuplicates(.first, ofProduct: "east") } == .notFound)
        try registry.verifySeal()
    }

    @Test("times are read with their unit and written in the largest that fits")
    func times() {
        let read = ["90s", "15m", "12h", "30d", "8w", "2y", "0s", "7d", "36h", "730d"].map(
            RetentionPeriod.seconds)
        #expect(
            read == [
                90, 900, 43_200, 2_592_000, 4_838_400, 63_072_000, 0, 604_800, 129_600, 63_072_000,
            ])
        let wrong = ["", "d", "3", "3q", "-1d", "1.5d", "٣d", "501y", "99999999999999999999d"]
        #expect(wrong.allSatisfy { RetentionPeriod.seconds($0) == nil })
        #expect(
            read.compactMap { $0.map(RetentionPeriod.text) }
                == ["90s", "15m", "12h", "30d", "56d", "2y", "0s", "7d", "36h", "2y"])
    }
}
