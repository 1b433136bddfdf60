// PolicyStepTests.swift — the rows of a message under the policy of its product.

import Testing
import VarveModel

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
        _ name: String, _ type: ValueType = .double, _ processing: ValueProcessing? = nil, mark: UInt64 = 0
    ) -> PointLookup {
        // The answer may be one for another device.
        .found(
            RegisteredPoint(
                key: SeriesKey(product: "P", device: "other", point: name), type: type, policy: .last,
                processing: processing, policyMark: mark))
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

    @Test("values are changed, missing ones and plain points stay, and marks add up")
    func applied() throws {
        var step = PolicyStep()
        let result = try step.apply(
            [
                "x": Self.found("kelvin", .double, ValueProcessing(offset: 273), mark: 5),
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
        #expect(Self.values(result[0]) == [.double(274), nil] && Self.values(result[1]) == [.double(1)])
        #expect(step.mark == 16 && step.notStored == 2)
        // A missing sample has an empty value.
        #expect(result[0].columns.values == .bits([(274.0).bitPattern, 0]))
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

    @Test("a value that its type cannot hold afterwards refuses the message, and is named")
    func beyond() {
        let failure = Self.reason(
            ["n": Self.found("n", .int64, ValueProcessing(scale: 3))],
            [Self.rows("n", [(1, .int64(2)), (2, .int64(.max))], .int64)])
        #expect(failure?.code == .modelMismatch && failure?.device == "d")
        #expect(failure?.message.contains("makes a value of 9223372036854775807 that it cannot hold") == true)
    }
}
