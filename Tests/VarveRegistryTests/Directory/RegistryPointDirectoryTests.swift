// RegistryPointDirectoryTests.swift — look-ups of the names in rows, and registration of missing things.

import Synchronization
import Testing
import VarveModel

@testable import VarveRegistry

@Suite struct RegistryPointDirectoryTests {
    private let fixture: RegistryFixture

    init() throws {
        fixture = try RegistryFixture()
    }

    private func found(
        _ product: String, _ device: String, _ point: String, _ type: ValueType, _ policy: DuplicatePolicy
    ) -> PointLookup {
        let key = SeriesKey(product: product, device: device, point: point)
        return .found(RegisteredPoint(key: key, type: type, policy: policy))
    }

    @Test("a look-up gives each kind of answer, the first time and again", arguments: [1, 2, 3])
    func answers(repetitions: Int) throws {
        try fixture.fill()
        let registry = fixture.registry
        for _ in 0..<repetitions {
            #expect(
                try registry.lookUp(product: nil, device: "T2", point: "power")
                    == found("wind", "T2", "power", .double, .last))
            #expect(
                try registry.lookUp(product: "solar", device: "T1", point: "state")
                    == found("solar", "T1", "state", .string, .first))
            #expect(
                try registry.lookUp(product: "wind", device: "T1", point: "state")
                    == found("wind", "T1", "state", .string, .last))
            #expect(
                try registry.lookUp(product: nil, device: "T1", point: "power")
                    == .ambiguousDevice("T1", products: ["solar", "wind"]))
            #expect(
                try registry.lookUp(product: "none", device: "T1", point: "power") == .unknownProduct("none"))
            #expect(try registry.lookUp(product: nil, device: "T9", point: "power") == .unknownDevice("T9"))
            #expect(
                try registry.lookUp(product: "solar", device: "T2", point: "power") == .unknownDevice("T2"))
            #expect(
                try registry.lookUp(product: nil, device: "T2", point: "none")
                    == .unknownPoint("none", product: "wind", model: "turbine"))
        }
    }

    @Test("a look-up of a name reads that name only, known or unknown, so a large model is not read for each")
    func oneName() throws {
        try fixture.fill()
        let registry = fixture.registry
        func known() -> [Name] {
            registry.cache.withLock { $0.points["turbine"].map { Array($0.keys) } ?? [] }
        }
        for name in ["none", "$event/none", "$attribute/none"] {
            #expect(
                try registry.lookUp(product: "wind", device: "T1", point: name)
                    == .unknownPoint(name, product: "wind", model: "turbine"))
        }
        #expect(known().isEmpty)
        _ = try registry.lookUp(product: "wind", device: "T1", point: "power")
        #expect(known() == ["power"])
        // What another process adds is found at once.
        let other = try Registry.open(path: fixture.path, create: false)
        try other.extendModel(
            "turbine", points: [MeasurementPoint(id: "none", type: .bool, hasQuality: false)])
        #expect(
            try registry.lookUp(product: "wind", device: "T1", point: "none")
                == found("wind", "T1", "none", .bool, .last))
    }

    @Test("a change of this registry is applied once, also if another connection writes later")
    func ownChangeOnce() throws {
        try fixture.fill()
        let registry = fixture.registry
        let other = try Registry.open(path: fixture.path, create: false)
        _ = try registry.generation()
        _ = try registry.extendModel(
            "turbine", points: [MeasurementPoint(id: "added", type: .bool, hasQuality: false)])
        let generation = try registry.generation()
        try other.create(Device(product: "wind", key: "T7", secret: "s"))
        #expect(try registry.generation() == generation)
        // An entry of another connection before its own is not passed over.
        _ = try other.extendModel(
            "turbine", points: [MeasurementPoint(id: "theirs", type: .bool, hasQuality: false)])
        try registry.create(Device(product: "wind", key: "T8", secret: "s"))
        #expect(try registry.generation() > generation)
    }

    @Test("answers stay the same if so many devices are looked up that all are read at once")
    func manyDevices() throws {
        let registry = fixture.registry
        try fixture.fill()
        var registration = Registration()
        let count = LookUpCache.missesBeforeFilling * 2
        for index in 0..<count { registration.devices.append(.init(product: "wind", device: "D\(index)")) }
        try registry.register(registration)
        for index in 0..<count {
            #expect(
                try registry.lookUp(product: nil, device: "D\(index)", point: "power")
                    == found("wind", "D\(index)", "power", .double, .last))
        }
        #expect(registry.cache.withLock { $0.misses } == LookUpCache.missesBeforeFilling)
        #expect(
            try registry.lookUp(product: nil, device: "T1", point: "power")
                == .ambiguousDevice("T1", products: ["solar", "wind"]))
        #expect(
            try registry.lookUp(product: "solar", device: "T1", point: "power")
                == found("solar", "T1", "power", .double, .first))
        #expect(
            try registry.lookUp(product: nil, device: "D\(count)", point: "power")
                == .unknownDevice("D\(count)"))
        let other = try Registry.open(path: fixture.path, create: false)
        try other.create(Device(product: "wind", key: "late"))
        #expect(
            try registry.lookUp(product: nil, device: "late", point: "power")
                == found("wind", "late", "power", .double, .last))
    }

    @Test("names that are equal only by Unicode's rules are different")
    func exactNames() throws {
        try fixture.fill()
        try fixture.registry.create(Device(product: "wind", key: "caf\u{E9}"))
        for _ in 0..<2 {
            #expect(
                try fixture.registry.lookUp(product: nil, device: "caf\u{E9}", point: "power")
                    == found("wind", "caf\u{E9}", "power", .double, .last))
            guard
                case .unknownDevice = try fixture.registry.lookUp(
                    product: nil, device: "cafe\u{301}", point: "power")
            else {
                Issue.record("the decomposed name was found")
                return
            }
        }
    }

    @Test("own changes and another connection's additions are seen at once, its deletions after refresh")
    func freshness() throws {
        try fixture.fill()
        let registry = fixture.registry
        let other = try Registry.open(path: fixture.path, create: false)
        let answer = found("wind", "T2", "power", .double, .last)
        #expect(try registry.lookUp(product: nil, device: "T2", point: "power") == answer)
        try registry.deleteDevice(named: "T2")
        #expect(try registry.lookUp(product: nil, device: "T2", point: "power") == .unknownDevice("T2"))

        try other.create(Device(product: "wind", key: "T2"))
        try other.addPoints([MeasurementPoint(id: "new", type: .bool)], toModel: "turbine")
        #expect(try registry.lookUp(product: nil, device: "T2", point: "power") == answer)
        #expect(
            try registry.lookUp(product: nil, device: "T2", point: "new")
                == found("wind", "T2", "new", .bool, .last))

        try registry.refresh()
        #expect(try registry.lookUp(product: nil, device: "T2", point: "power") == answer)
        try other.deleteDevice(named: "T2")
        try registry.refresh()
        #expect(try registry.lookUp(product: nil, device: "T2", point: "power") == .unknownDevice("T2"))
    }

    @Test("registration creates missing entries and leaves existing ones as they are")
    func registering() throws {
        try fixture.fill()
        let registry = fixture.registry
        var registration = Registration()
        registration.points = [
            .init(product: "wind", point: "power", type: .string),
            .init(product: "wind", point: "speed", type: .int64),
            .init(product: "new", point: "level", type: .double),
        ]
        registration.devices = [
            .init(product: "wind", device: "T1"), .init(product: "wind", device: "T3"),
            .init(product: "new", device: "D1"), .init(product: "new", device: "D1"),
        ]
        // Created: point speed, model new, product new, point level, devices T3 and D1.
        #expect(try registry.register(registration) == 6)
        #expect(try registry.model("turbine").points.map(\.id) == ["power", "state", "speed"])
        #expect(try registry.model("turbine").points[0].type == .double)
        #expect(try registry.device(named: "wind/T1").secret == "d1")
        #expect(try registry.product("new").model == "new")
        #expect(
            try registry.lookUp(product: nil, device: "D1", point: "level")
                == found("new", "D1", "level", .double, .last))
        #expect(try registry.register(registration) == 0)
        try registry.verifySeal()
    }

    @Test("a missing product takes the model of its name if that exists")
    func registeringWithModel() throws {
        try fixture.fill()
        var registration = Registration()
        registration.devices = [.init(product: "turbine", device: "X")]
        #expect(try fixture.registry.register(registration) == 2)
        #expect(try fixture.registry.product("turbine").model == "turbine")
    }

    @Test("a registration with one bad name registers nothing")
    func allOrNothing() throws {
        let registry = fixture.registry
        var registration = Registration()
        registration.points = [.init(product: "p", point: "a", type: .double)]
        registration.devices = [.init(product: "p", device: "good"), .init(product: "p", device: "bad\n")]
        #expect(code { try registry.register(registration) } == .invalid)
        #expect(try registry.exportText().rows == 0)
        try registry.verifySeal()
    }
}
