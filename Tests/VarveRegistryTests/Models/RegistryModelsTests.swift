// RegistryModelsTests.swift — rules of points, events and attributes of models, and the migration that added them.

import Foundation
import GRDB
import Testing
import VarveModel

@testable import VarveRegistry

@Suite struct RegistryModelsTests {
    private let fixture: RegistryFixture

    init() throws {
        fixture = try RegistryFixture()
    }

    private static let mode = MeasurementPoint(
        id: "mode", type: .int64, rule: .integerEnumeration(keys: [0, 1]))
    private static let features = [
        ModelFeature(
            .event, "trip", rule: .structure([.init(name: "code", rule: .int, isRequired: true)])),
        ModelFeature(.event, "start"), ModelFeature(.attribute, "owner", rule: .string(maximumBytes: 64)),
        ModelFeature(.attribute, "trip"),
    ]

    @Test("a model keeps rules, events and attributes, also for a reader of the file")
    func kept() throws {
        let model = Model(
            id: "m", points: [Self.mode], features: Self.features, isPassThrough: true)
        try fixture.registry.create(model)
        #expect(try fixture.registry.model("m") == model)
        #expect(try fixture.registry.models() == [model])
        let reader = try Registry.open(path: fixture.path, create: false, readOnly: true)
        #expect(try reader.model("m") == model)
        try reader.verifySeal()
        try fixture.registry.deleteModel("m")
        #expect(try fixture.registry.exportText().rows == 0)
        try fixture.registry.verifySeal()
    }

    @Test("extending a model adds what is new and changes rules, but never a type")
    func extending() throws {
        let registry = fixture.registry
        try registry.create(Model(id: "m", points: [Self.mode], features: Self.features))
        var wider = Self.mode
        wider.rule = .integerEnumeration(keys: [0, 1, 2])
        let result = try registry.extendModel(
            "m", points: [wider, MeasurementPoint(id: "new", type: .bool)],
            features: [
                Self.features[0], ModelFeature(.attribute, "owner", rule: .int), ModelFeature(.event, "end"),
            ])
        #expect(result == ModelExtension(points: 1, features: 1, changed: 2, unchanged: 1))
        #expect(try registry.model("m").points[0] == wider)
        #expect(
            try registry.model("m").features.map(\.id) == ["trip", "start", "end", "owner", "trip"])
        #expect(try registry.model("m").features[3].rule == .int)
        // Without a rule, what is there stays.
        let plain = MeasurementPoint(id: "mode", type: .int64)
        #expect(
            try registry.extendModel("m", points: [plain], features: [ModelFeature(.event, "trip")]).unchanged
                == 2)
        let text = MeasurementPoint(id: "mode", type: .string, rule: .textEnumeration(keys: ["on"]))
        let before = try registry.exportText()
        #expect(
            code { try registry.extendModel("m", points: [.init(id: "x", type: .bool), text]) } == .typeFixed)
        #expect(message { try registry.extendModel("m", points: [text]) }.contains("varve model change"))
        #expect(try registry.exportText() == before)
        try registry.verifySeal()
    }

    @Test("a change of type gives the point the new rule, or none")
    func changedType() throws {
        let registry = fixture.registry
        try registry.create(Model(id: "m", points: [Self.mode]))
        try registry.changeType(ofPoint: "mode", inModel: "m", to: .string, rule: .date) { _ in }
        #expect(try registry.model("m").points == [MeasurementPoint(id: "mode", type: .string, rule: .date)])
        try registry.changeType(ofPoint: "mode", inModel: "m", to: .string) { _ in }
        #expect(try registry.model("m").points == [MeasurementPoint(id: "mode", type: .string)])
        try registry.verifySeal()
    }

    @Test("a rule that does not fit, a reserved point id and an event without a structure are refused")
    func refused() throws {
        let registry = fixture.registry
        let wrong = MeasurementPoint(id: "p", type: .double, rule: .int)
        #expect(code { try registry.create(Model(id: "m", points: [wrong])) } == .invalid)
        for id in ["$event/x", "$attribute/", "$attribute/a"] {
            let point = MeasurementPoint(id: id, type: .json)
            #expect(code { try registry.create(Model(id: "m", points: [point])) } == .invalid, "\(id)")
        }
        let event = ModelFeature(.event, "e", rule: .int)
        #expect(code { try registry.create(Model(id: "m", features: [event])) } == .invalid)
        let long = ModelFeature(.attribute, String(repeating: "a", count: 1024 - 10))
        #expect(code { try registry.create(Model(id: "m", features: [long])) } == .invalid)
        let twice = ModelFeature(.attribute, "a")
        #expect(
            message { try registry.create(Model(id: "m", features: [twice, twice])) }.contains("named twice"))
        #expect(try registry.models() == [])
    }

    @Test("a look-up finds points with their rules, and declared events and attributes by reserved names")
    func lookUps() throws {
        let registry = fixture.registry
        try registry.create(Model(id: "m", points: [Self.mode], features: Self.features))
        try registry.create(Product(key: "p", model: "m", duplicates: .first))
        try registry.create(Device(product: "p", key: "d"))
        for _ in 0..<2 {
            func found(_ point: String) throws -> RegisteredPoint? {
                guard case .found(let found) = try registry.lookUp(product: "p", device: "d", point: point)
                else {
                    return nil
                }
                #expect(found.key == SeriesKey(product: "p", device: "d", point: point))
                return found
            }
            #expect(try found("mode")?.rule == Self.mode.rule)
            #expect(try found("mode")?.policy == .first)
            #expect(try found("$event/trip")?.policy == .every)
            #expect(try found("$attribute/owner")?.policy == .last)
            #expect(try found("$event/trip")?.type == .json)
            #expect(try found("$event/trip")?.rule == Self.features[0].rule)
            #expect(try found("$attribute/owner")?.type == .json)
            #expect(try found("$attribute/owner")?.rule == .string(maximumBytes: 64))
            #expect(
                try registry.lookUp(product: "p", device: "d", point: "$event/owner")
                    == .unknownPoint("$event/owner", product: "p", model: "m"))
            #expect(try found("trip") == nil)
        }
        #expect(try registry.hasPoint("$event/trip", product: "p"))
        #expect(try !registry.hasPoint("$event/owner", product: "p"))
    }

    @Test("registering a reserved name declares the event or attribute, which keeps json only")
    func registeringFeatures() throws {
        let registry = fixture.registry
        var registration = Registration()
        registration.points = [
            .init(product: "p", point: "$event/trip", type: .json),
            .init(product: "p", point: "$attribute/owner", type: .json),
        ]
        registration.devices = [.init(product: "p", device: "d")]
        #expect(try registry.register(registration) == 5)
        #expect(try registry.register(registration) == 0)
        #expect(
            try registry.model("p").features == [
                ModelFeature(.event, "trip"), ModelFeature(.attribute, "owner"),
            ])
        #expect(try registry.model("p").points == [])
        registration.points = [.init(product: "p", point: "$event/x", type: .double)]
        #expect(code { try registry.register(registration) } == .invalid)
        try registry.verifySeal()
    }

    /// A registry whose tables are those of version 5, with its seal.
    private func oldRegistry() throws {
        try fixture.fill()
        try fixture.registry.createChannel(Channel(name: "farm", product: "wind", password: "p"))
        try fixture.removeVersion6()
    }

    @Test("a registry of version 5 is read as it is, and its seal stays valid after the migration")
    func migration() throws {
        try oldRegistry()
        let reader = try Registry.open(path: fixture.path, create: false, readOnly: true)
        try reader.verifySeal()
        let before = try reader.exportText()
        #expect(try reader.product("wind") == Product(key: "wind", model: "turbine", secret: "s1"))
        #expect(try reader.model("turbine").points.count == 2)
        #expect(try reader.channelCredentials().first?.devices.count == 2)
        #expect(try reader.settings(ofProduct: "wind") == ProductSettings())
        let writer = try Registry.open(path: fixture.path, create: false)
        try writer.verifySeal()
        #expect(try writer.exportText() == before)
        try writer.extendModel("turbine", features: Self.features, isPassThrough: true)
        try writer.activateDevice(product: "wind", key: "T1")
        try writer.verifySeal()
        #expect(try writer.exportText().rows == before.rows + Self.features.count)
    }

    @Test(
        "a column of version 6 that others changed is noticed",
        arguments: [
            "UPDATE model SET passthrough = 1", "UPDATE point SET rule = 'INT' WHERE id = 'mode'",
            "UPDATE point SET rule = 'ENUM(1,0)' WHERE id = 'mode'",
            "UPDATE point SET rule = 'DATE' WHERE id = 'mode'",
            "UPDATE point SET rule = NULL", "UPDATE feature SET rule = 'INT'",
            "UPDATE feature SET kind = 3 WHERE id = 'owner'",
            "UPDATE feature SET position = 9 WHERE id = 'start'", "DELETE FROM feature WHERE id = 'owner'",
            "UPDATE product SET numerictexts = 1", "UPDATE product SET previous = 'x', previousuntil = 1",
            "UPDATE channel SET resend = 1", "UPDATE channel SET previous = 'x'",
            "UPDATE device SET activated = 1",
        ])
    func tampering(sql: String) throws {
        let registry = fixture.registry
        try registry.create(Model(id: "m", points: [Self.mode], features: Self.features))
        try registry.create(Product(key: "p", model: "m"))
        try registry.create(Device(product: "p", key: "d"))
        try registry.createChannel(Channel(name: "farm", product: "p"))
        try registry.verifySeal()
        try fixture.tamper(sql)
        #expect(code { try registry.verifySeal() } == .damaged)
    }
}
