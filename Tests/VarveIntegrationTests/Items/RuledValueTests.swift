// RuledValueTests.swift — values of messages against the data types of the model; ValueRuleTests has each type in full.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite("Values and the data types of the model")
struct RuledValueTests {
    /// The data types of the points, each point with the name of its type.
    private static let rules: [String: ValueRule] = [
        "INT": .int, "FLOAT": .float, "DOUBLE": .double, "BOOL": .bool, "TIMESTAMP": .timestamp,
        "DATE": .date,
        "ENUM": .integerEnumeration(keys: [1, 2]), "WORD": .textEnumeration(keys: ["on", "1"]),
        "STRING": .string(maximumBytes: 1024), "FILE": .file, "ARRAY": .array(of: .float),
        "STRUCT": .structure([
            .init(name: "a", rule: .int, isRequired: true),
            .init(name: "b", rule: .string(maximumBytes: 4), isRequired: false),
        ]),
        "$event/alarm": .structure([.init(name: "code", rule: .int, isRequired: true)]),
        "$attribute/rated": .int, "$attribute/name": .string(maximumBytes: 4),
    ]

    private static func channel(takesNumericTexts: Bool = false) -> TestChannel {
        let channel = TestChannel()
        channel.directory.change { state in
            for (name, rule) in rules {
                state.rules[Name(name)] = rule
                let type = ReservedPoint(name: name) == nil ? rule.storedType : .json
                state.points["M"]?[Name(name)] = type
            }
            state.settings.takesNumericTexts = takesNumericTexts
        }
        return channel
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var point: String
        var json: String
        /// What is kept; nil if the message is refused.
        var kept: Value?
        /// A part of the reason.
        var reason = ""
        var testDescription: String { "\(point) \(json.prefix(40))" }

        init(_ point: String, _ json: String, _ kept: Value) {
            (self.point, self.json, self.kept) = (point, json, kept)
        }

        init(_ point: String, _ json: String, refused reason: String) {
            (self.point, self.json, self.reason) = (point, json, reason)
        }
    }

    private static let long = String(repeating: "x", count: 1024)

    static let cases: [Case] = [
        Case("INT", "2147483647", .int64(2_147_483_647)), Case("INT", "-5", .int64(-5)),
        Case("INT", "2147483648", refused: "point INT is INT, and 2147483648 is not an integer of 32 bits"),
        Case("INT", "1.5", refused: "point INT is INT, and 1.5 is not an integer of 32 bits"),
        Case("INT", "\"7\"", refused: "\"7\" is a text: it takes an integer of 32 bits, without quotes"),
        Case("FLOAT", "1.0200000000000000001", .double(1.02)), Case("FLOAT", "16777217", .double(16_777_217)),
        Case("DOUBLE", "1e300", .double(1e300)), Case("DOUBLE", "\"NaN\"", .double(.nan)),
        Case("DOUBLE", "\"1.02\"", refused: "without quotes"),
        Case("BOOL", "1", .bool(true)), Case("BOOL", "false", .bool(false)),
        Case("BOOL", "2", refused: "point BOOL is bool, and 2 is not true, false, 1 or 0"),
        Case("TIMESTAMP", "1579580182824", .int64(1_579_580_182_824)),
        Case("ENUM", "2", .int64(2)), Case("ENUM", "3", refused: "ENUM, and 3 is not one of the keys 1, 2"),
        Case("ENUM", "\"1\"", refused: "\"1\" is a text: it takes one of the keys 1, 2, without quotes"),
        Case("WORD", "\"on\"", .string("on")), Case("WORD", "\"1\"", .string("1")),
        Case("WORD", "\"off\"", refused: "ENUM, and \"off\" is not one of the keys \"1\", \"on\""),
        Case("WORD", "1", refused: "1 is not one of the keys"),
        Case("STRING", "\"\(long)\"", .string(long)),
        Case("STRING", "\"\(long)x\"", refused: "is not a text of 1 to 1024 bytes"),
        Case("STRING", "\"\"", refused: "STRING, and \"\" is not a text of 1 to 1024 bytes"),
        Case("DATE", "\"2024-05-01 10:00:00\"", .string("2024-05-01 10:00:00")),
        Case("DATE", "\"2024-05-32 10:00:00\"", refused: "is not a date and time such as"),
        Case("FILE", "\"local://a.bin\"", .string("local://a.bin")),
        Case("FILE", "\"\"", refused: "not empty"),
        Case("ARRAY", "[ 1.02, 2e1 ]", .json("[1.02,2e1]")),
        Case("ARRAY", "[1,\"2\"]", refused: "ARRAY, and \"2\" in element 2 is not a number"),
        Case("ARRAY", "{\"a\":1}", refused: "is not an array"),
        Case("STRUCT", "{\"b\":\"x\", \"a\":1}", .json(#"{"a":1,"b":"x"}"#)),
        Case("STRUCT", "{\"b\":\"x\"}", refused: "has no member a"),
        Case("STRUCT", "{\"a\":1,\"c\":2}", refused: "has the member c, which the model lacks"),
        Case("STRUCT", "{\"a\":1,\"b\":\"12345\"}", refused: "in member b is not a text of 1 to 4 bytes"),
    ]

    private static func message(_ point: String, _ json: String) -> String {
        #"{"id":"1","method":"integration.measurepoint.post","params":[{"deviceKey":"d1","measurepoints":{""#
            + point + #"":"# + json + "},\"time\":1}]}"
    }

    @Test(
        "each data type takes its values, bare and with a quality, and says what would fit", arguments: cases)
    func table(_ test: Case) throws {
        for json in [test.json, "{\"value\":\(test.json),\"quality\":9}"] {
            var channel = Self.channel()
            let answer = try channel.post(Self.message(test.point, json))
            let sample = channel.sink.rows("d1", test.point).first
            guard let kept = test.kept else {
                #expect(answer.code == 1204 && sample == nil, "\(answer.text)")
                #expect(answer.message?.contains(test.reason) == true, "\(answer.text)")
                continue
            }
            #expect(answer.code == 200, "\(answer.text)")
            #expect(
                sample
                    == Sample(
                        time: Timestamp(nanoseconds: 1_000_000), value: kept,
                        quality: json == test.json ? nil : 9))
        }
    }

    @Test("numbers in quotes are numbers only for a product that takes them, also without a data type")
    func numericTexts() throws {
        let cases: [(point: String, json: String, kept: Value)] = [
            ("INT", "\"7\"", .int64(7)), ("INT", #""\u0037""#, .int64(7)),
            ("num", #""1.\u0035""#, .double(1.5)), ("FLOAT", "\"1.02\"", .double(1.02)),
            ("BOOL", "\"1\"", .bool(true)),
            ("ENUM", "\"2\"", .int64(2)), ("num", "\"1.02\"", .double(1.02)), ("int", "\"5\"", .int64(5)),
            ("ARRAY", #"["1.02","2.02","7.93"]"#, .json("[1.02,2.02,7.93]")),
            ("STRUCT", #"{"a":"5","b":"6"}"#, .json(#"{"a":5,"b":"6"}"#)), ("WORD", "\"1\"", .string("1")),
            ("text", "\"1.02\"", .string("1.02")), ("doc", #"["1"]"#, .json(#"["1"]"#)),
        ]
        for (point, json, kept) in cases {
            var channel = Self.channel(takesNumericTexts: true)
            let answer = try channel.post(Self.message(point, json))
            #expect(answer.code == 200, "\(answer.text)")
            #expect(channel.sink.rows("d1", point).first?.value == kept, "\(point)")
        }
        for (point, json) in [
            ("INT", "\"2147483648\""), ("num", "\"x\""), ("num", "\"\""), ("ARRAY", "[\"x\"]"),
        ] {
            var channel = Self.channel(takesNumericTexts: true)
            let answer = try channel.post(Self.message(point, json))
            #expect(answer.code == 1204, "\(point) \(json)")
            // A number in quotes is refused for what it is, not for its quotes.
            let isNumber = json.contains("2147483648")
            let saysQuotes = answer.message?.contains("quotes") == true
            #expect(saysQuotes == !isNumber || point == "ARRAY", "\(answer.text)")
        }
    }

    @Test(
        "events and attributes are held against their data types, and an attribute without a value is skipped"
    )
    func documents() throws {
        var channel = Self.channel()
        let event = "/sys/P/integration/event/post"
        func events(_ content: String) -> String {
            #"{"id":"1","method":"integration.event.post","params":[{"deviceKey":"d1","events":{"alarm":"#
                + content
                + "},\"time\":1}]}"
        }
        #expect(try channel.post(events(#"{"code":5}"#), topic: event).code == 200)
        let refused = try channel.post(events(#"{"code":5,"x":1}"#), topic: event)
        #expect(refused.code == 1204 && refused.message?.contains("event alarm is STRUCT, and") == true)
        #expect(channel.sink.rows("d1", "$event/alarm").map(\.value) == [.json(#"[{"code":5}]"#)])

        let attribute = "/sys/P/integration/attribute/post"
        func attributes(_ members: String) -> String {
            #"{"id":"1","method":"integration.attribute.post","params":[{"deviceKey":"d1","attributes":{"#
                + members
                + "}}]}"
        }
        #expect(try channel.post(attributes(#""rated":5,"name":null"#), topic: attribute).code == 200)
        for bad in [#""rated":1.5"#, #""rated":"5""#, #""name":"12345""#] {
            #expect(try channel.post(attributes(bad), topic: attribute).code == 1204, "\(bad)")
        }
        #expect(channel.sink.rows("d1", "$attribute/rated").map(\.value) == [.json("5")])
        #expect(channel.sink.rows("d1", "$attribute/name").isEmpty)
    }
}
