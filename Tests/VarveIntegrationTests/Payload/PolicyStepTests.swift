// PolicyStepTests.swift — the rows of a message under the policy of its product.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite struct PolicyStepTests {
    private static func rows(
        _ point: String, _ values: [(Int64, Value?)], _ type: ValueType = .double
    ) -> SeriesRows {
        var columns = SampleColumns(type: type)
        for (time, value) in values {
            columns.append(
                Sample(time: Timestamp(nanoseconds: time), value: value, quality: value == nil ? 7 : nil))
        }
        return SeriesRows(
            key: SeriesKey(product: "P", device: "d", point: point), type: type, columns: columns)
    }

    private static func found(
        _ name: String, _ type: ValueType = .double, mark: UInt64 = 0
    ) -> PointLookup {
        // The answer may be one for another device.
        .found(
            RegisteredPoint(
                key: SeriesKey(product: "P", device: "other", point: name), type: type, policy: .last,
                policyMark: mark))
    }

    private static func values(_ rows: SeriesRows) -> [Value?] {
        (0..<rows.columns.count).map { rows.columns.sample($0, type: rows.type).value }
    }

    private static func reason(_ policies: [Name: PointLookup], _ series: [SeriesRows]) -> RequestFailure? {
        var step = PolicyStep()
        do {
            _ = try step.apply(policies, to: series)
            return nil
        } catch {
            return error
        }
    }

    @Test("points are renamed or left out, plain ones stay, and marks add up")
    func applied() throws {
        var step = PolicyStep()
        let result = try step.apply(
            [
                "x": Self.found("kelvin", .double, mark: 5),
                "gone": .notStored(
                    RegisteredPoint(
                        key: SeriesKey(product: "P", device: "d", point: "gone"), type: .double,
                        policy: .last,
                        policyMark: 11)),
            ],
            to: [
                Self.rows("x", [(1, .double(1)), (2, nil)]), Self.rows("gone", [(1, .double(1)), (2, nil)]),
                Self.rows("plain", [(1, .double(1))]),
            ])
        #expect(result.map(\.key.point) == ["kelvin", "plain"])
        #expect(result.allSatisfy { $0.key.device == "d" })
        #expect(Self.values(result[0]) == [.double(1), nil] && Self.values(result[1]) == [.double(1)])
        #expect(step.mark == 16 && step.notStored == 2)
    }

    @Test("two names of one series become one series, for numbers and for texts")
    func joined() throws {
        for (type, value) in [(ValueType.double, Value.double(4)), (.string, .string("text"))] {
            var step = PolicyStep()
            let result = try step.apply(
                ["x": Self.found("y", type)],
                to: [
                    Self.rows("x", [(1, value), (2, value)], type),
                    Self.rows("y", [(2, value), (3, nil)], type),
                ])
            #expect(result.count == 1 && result[0].key.point == "y")
            #expect(result[0].columns.times == [1, 2, 2, 3])
            #expect(Self.values(result[0]) == [value, value, value, nil])
        }
    }

    @Test("two names of one series with different values for one time refuse the message")
    func disagreeing() {
        for other in [Value.double(5), nil] {
            let failure = Self.reason(
                ["x": Self.found("y")],
                [Self.rows("x", [(1, .double(4))]), Self.rows("y", [(1, other)])])
            #expect(failure?.code == .modelMismatch)
            #expect(failure?.message.contains("two points that the policy stores as y") == true)
        }
    }

    @Test(
        "two names of one series with different types refuse the message: bits are never read as another type"
    )
    func mixedTypes() {
        for (type, value) in [
            (ValueType.int64, Value.int64(8)), (.bool, .bool(true)), (.string, .string("8")),
        ] {
            let failure = Self.reason(
                ["a": Self.found("b")],
                [Self.rows("b", [(1, value)], type), Self.rows("a", [(2, .double(1.5))])])
            #expect(failure?.code == .modelMismatch)
            #expect(
                failure?.message.hasSuffix("stores as b have different types, \(type.name) and double")
                    == true)
        }
    }
}

/// The points of a `FakeDirectory` under a policy.
final class PolicyDirectory: PointDirectory {
    private let base: FakeDirectory
    private let policy: @Sendable (RegisteredPoint) -> PointLookup

    init(_ base: FakeDirectory, _ policy: @escaping @Sendable (RegisteredPoint) -> PointLookup) {
        (self.base, self.policy) = (base, policy)
    }

    func lookUp(product: String?, device: String, point: String) throws -> PointLookup {
        let answer = try base.lookUp(product: product, device: device, point: point)
        guard case .found(let found) = answer else { return answer }
        return policy(found)
    }

    func underPolicy(_ point: RegisteredPoint) -> PointLookup { policy(point) }
    func settings(ofProduct product: String) throws -> ProductSettings? {
        try base.settings(ofProduct: product)
    }
    func declare(_ points: [Registration.Point]) throws -> DeclinedNames { try base.declare(points) }
    func timeZone(product: String?, device: String) -> String? {
        base.timeZone(product: product, device: device)
    }
    func model(ofProduct product: String) -> String? { base.model(ofProduct: product) }
    func hasPoint(_ point: String, product: String) -> Bool { base.hasPoint(point, product: product) }
    func noteZones(_ zones: [DeviceZone], remembers: Bool) -> [DeviceZone] {
        base.noteZones(zones, remembers: remembers)
    }
    func generation() throws -> UInt64 { try base.generation() }
    func register(_ registration: Registration) throws -> Int { try base.register(registration) }
}

@Suite struct PolicyMessageTests {
    private static func policy(_ point: RegisteredPoint) -> PointLookup {
        var found = point
        switch point.key.point {
        case "num": found.processing = ValueProcessing(scale: 1e200, offset: 1)
        case "int":
            found.processing = ValueProcessing(scale: 2)
            found.key.point = "code"
            found.storedRule = .integerEnumeration(keys: [0, 2])
        case "text":
            found.key.point = "day"
            found.storedRule = .date
        case "doc":
            found.key.point = "pair"
            found.storedRule = .array(of: .int)
        case "n2": return .unfit(found, reason: "the line of n2 does not fit")
        case "new": found.processing = ValueProcessing(scale: 10)
        case "flag": return .notStored(found)
        default: break
        }
        found.policyMark = 3
        return .found(found)
    }

    private static func item(_ readings: String) -> String {
        "{\"deviceKey\":\"d1\",\"measurepoints\":{\(readings)},\"time\":1700000000000}"
    }

    @Test("values are changed as they are read, NaN and missing ones stay, and the result is what is stored")
    func changed() throws {
        var channel = TestChannel(policy: Self.policy)
        let answer = try channel.post(
            payload(
                Self.item("\"num\":2,\"int\":{\"value\":1,\"quality\":3},\"text\":\"2024-05-01 10:00:00\"")))
        #expect(answer.text == "{\"id\":\"7\",\"code\":200,\"data\":{}}")
        #expect(channel.sink.rows("d1", "num").map(\.value) == [.double(2e200 + 1)])
        #expect(channel.sink.rows("d1", "code").map(\.value) == [.int64(2)])
        #expect(channel.sink.rows("d1", "day").map(\.value) == [.string("2024-05-01 10:00:00")])
        let missing = Self.item("\"num\":{\"value\":null,\"quality\":5}").replacing("1700", with: "1800")
        #expect(try channel.post(payload(missing)).code == 200)
        #expect(channel.sink.rows("d1", "num").last?.value == nil)
    }

    @Test(
        "what a policy makes of a value must fit its type and the data type of the point as which it is stored",
        arguments: [
            ("\"num\":1e200", "makes a value of 1e+200 that it cannot hold"),
            ("\"int\":9223372036854775807", "makes a value of 9223372036854775807 that it cannot hold"),
            ("\"int\":77", "stores it as ENUM, and 154 is not one of the keys 0, 2"),
            ("\"text\":\"soon\"", "stores it as DATE, and soon is not a date and time"),
            ("\"doc\":[1.5]", "stores it as ARRAY, and 1.5 in element 1 is not an integer of 32 bits"),
            ("\"n2\":1", "the line of n2 does not fit"),
        ])
    func unfit(reading: String, reason: String) throws {
        var channel = TestChannel(policy: Self.policy)
        let refused = try channel.post(
            payload(Self.item("\"num\":3,\(reading)").replacing("\"num\":3,\"num\"", with: "\"num\"")))
        #expect(refused.code == 1204 && refused.message?.contains(reason) == true, "\(refused.text)")
        #expect(refused.message?.hasPrefix("params[0], device d1: ") == true)
        #expect(channel.sink.withState { $0.samples.isEmpty })
        // Left out where the sender says so, and the rest is stored.
        let items =
            "{\"deviceKey\":\"d2\",\"measurepoints\":{\"num\":0},\"time\":1700000000000},\(Self.item(reading))"
        let skipped = try channel.post(
            request("thing.measurepoint.resume.batch", "[\(items)]", "\"skipInvalidMeasurepoints\":true,"),
            topic: "/sys/P/d1/thing/measurepoint/resume/batch")
        #expect(skipped.code == 200 && skipped.data == ["rejected": 1], "\(skipped.text)")
        #expect(skipped.skipped.map(\.index) == [1] && skipped.skipped.first?.device == "d1")
        #expect(skipped.skipped.first?.reason.contains(reason) == true)
        #expect(channel.sink.rows("d2", "num").map(\.value) == [.double(1)])
    }

    @Test("a name that its first value declares is under the policy from this value on")
    func declared() throws {
        var channel = TestChannel(policy: Self.policy)
        channel.directory.change { $0.settings.isPassThrough = true }
        for second in 0..<2 {
            let text = Self.item("\"new\":1").replacing("1700000000000", with: "170000000\(second)000")
            #expect(try channel.post(payload(text)).code == 200)
        }
        #expect(channel.sink.rows("d1", "new").map(\.value) == [.double(10), .double(10)])
    }

    @Test("samples that are not stored by policy, and those that an earlier value keeps out, are counted")
    func counts() throws {
        var channel = TestChannel(policy: Self.policy)
        channel.directory.change { $0.policy = .first }
        let first = Self.item("\"other\":1,\"flag\":true")
        channel.directory.change { $0.points["M"]?["other"] = .double }
        #expect(
            try channel.post(payload(first)).text == "{\"id\":\"7\",\"code\":200,\"data\":{\"notStored\":1}}")
        let second = first.replacing("\"other\":1", with: "\"other\":2")
        #expect(
            try channel.post(payload(second)).text
                == "{\"id\":\"7\",\"code\":200,\"data\":{\"superseded\":1,\"notStored\":1}}")
    }
}
