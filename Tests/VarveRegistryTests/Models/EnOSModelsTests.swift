// EnOSModelsTests.swift — thing models of EnOS, in the forms of its model API.

import Testing
import VarveModel
import VarveText

@testable import VarveRegistry

@Suite struct EnOSModelsTests {
    private let fixture: RegistryFixture

    init() throws {
        fixture = try RegistryFixture()
    }

    private func take(_ text: String, _ name: String = "m.json") throws -> ImportOutcome {
        try fixture.registry.importRows(.models, from: Array(text.utf8), named: name) { _ in true }
    }

    private static func model(_ measurepoints: String, _ others: String = "") -> String {
        """
        {"modelId":"m","name":{"defaultValue":"The M","i18nValue":{"en_US":"x"}},"tags":{},"desc":"d",
        "measurepoints":{\(measurepoints)}\(others)}
        """
    }

    /// A point with a data type, and perhaps a definition.
    private static func point(_ type: String, _ definition: String? = nil, _ others: String = "") -> String {
        "\"p\":{\"identifier\":\"p\",\"dataType\":\"\(type)\""
            + (definition.map { ",\"dataDefinition\":\($0)" } ?? "") + others + "}"
    }

    @Test(
        "each data type becomes a rule and a stored type, from a definition as text or as object",
        arguments: [
            ("INT", nil, "INT", ValueType.int64), ("FLOAT", "null", "FLOAT", .double),
            ("DOUBLE", "\"\"", "DOUBLE", .double),
            ("BOOL", #""{\"boolDesc\":{\"true\":\"on\",\"false\":\"off\"}}""#, "BOOL", .bool),
            ("STRING", #""{\"maxLength\":64}""#, "STRING(64)", .string), ("STRING", nil, "STRING", .string),
            ("DATE", nil, "DATE", .string), ("TIMESTAMP", "\"null\"", "TIMESTAMP", .int64),
            ("FILE", nil, "FILE", .string),
            (
                "ENUM",
                #""{\"enumDesc\":{\"1\":{\"defaultValue\":\"one\"},\"0\":null},\"enumType\":\"INT\"}""#,
                "ENUM(0,1)", .int64
            ),
            ("ENUM", #"{"enumDesc":{"on":{},"off":{}},"enumType":"STRING"}"#, "ENUM(off,on)", .string),
            ("ARRAY", #""{\"itemType\":\"FLOAT\"}""#, "ARRAY(FLOAT)", .json),
            (
                "STRUCT",
                #""{\"items\":[{\"identifier\":\"a\",\"dataType\":\"INT\",\"required\":true},{\"identifier\":\"b\",\"dataType\":\"ENUM\",\"dataDefinition\":\"{\\\"enumDesc\\\":{\\\"2\\\":{}},\\\"enumType\\\":\\\"INT\\\"}\"}]}""#,
                "STRUCT(a:INT,b:ENUM(2)?)", .json
            ),
        ] as [(String, String?, String, ValueType)])
    func types(dataType: String, definition: String?, rule: String, type: ValueType) throws {
        let outcome = try take(Self.model(Self.point(dataType, definition)))
        #expect(outcome == ImportOutcome(created: 1, points: 1))
        let point = try #require(try fixture.registry.model("m").points.first)
        #expect(point.rule.map(RuleText.text) == rule)
        #expect(point.type == type)
        #expect(try fixture.registry.model("m").name == "The M")
        try fixture.registry.verifySeal()
    }

    @Test("events, attributes, units and quality are kept, and services are counted")
    func features() throws {
        let others = """
            ,"attributes":{"owner":{"identifier":"owner","dataType":"STRING","unit":null}},
            "events":{"trip":{"identifier":"trip","outputData":[{"identifier":"code","dataType":"INT","required":true},
              {"identifier":"s","dataType":"STRUCT","dataDefinition":{"items":[{"identifier":"x","dataType":"INT"}]}}]},
             "start":{"outputData":[]}},
            "services":{"stop":{"identifier":"stop","inputData":[]}}
            """
        let unit = #","hasQuality":true,"signalType":"AI","unit":{"unitId":"W","multiplier":"KILO"}"#
        let outcome = try take(Self.model(Self.point("FLOAT", nil, unit), others))
        #expect(outcome.points == 4)
        #expect(outcome.notes == ["1 service ignored: Varve takes data only"])
        let model = try fixture.registry.model("m")
        #expect(
            model.points == [
                MeasurementPoint(id: "p", type: .double, hasQuality: true, unit: "kW", rule: .float)
            ])
        #expect(model.features.map(\.id) == ["trip", "start", "owner"])
        #expect(
            model.features.map { $0.rule.map(RuleText.text) } == [
                "STRUCT(code:INT,s:STRUCT(x:INT?)?)", nil, "STRING",
            ])
    }

    @Test("a list of models and the answer of the API are taken, and features may be lists")
    func forms() throws {
        let model = #"{"modelId":"ID","measurepoints":[{"identifier":"p","dataType":"INT"}]}"#
        func named(_ id: String) -> String { model.replacing("ID", with: id) }
        #expect(try take("[\(named("a")),\(named("b"))]", "stdin").created == 2)
        #expect(try take("{\"code\":0,\"msg\":\"OK\",\"data\":\(named("c"))}").created == 1)
        #expect(try take("\u{FEFF} {\"data\":[\(named("d")),\(named("e"))],\"code\":0}").created == 2)
        #expect(try fixture.registry.models().map(\.id) == ["a", "b", "c", "d", "e"])
    }

    @Test(
        "importing again adds what is new, changes a rule or unit, and refuses another stored type with the remedy"
    )
    func again() throws {
        let first = Self.point("INT")
        #expect(try take(Self.model(first)).points == 1)
        #expect(try take(Self.model(first)) == ImportOutcome(unchanged: 1))
        let wider =
            Self.point("TIMESTAMP", nil, ",\"unit\":{\"unitId\":\"s\"}") + ",\"q\":{\"dataType\":\"BOOL\"}"
        #expect(try take(Self.model(wider)) == ImportOutcome(points: 1, changed: 1))
        #expect(try fixture.registry.model("m").points[0].rule == .timestamp)
        #expect(try fixture.registry.model("m").points[0].unit == "s")
        let before = try fixture.registry.exportText()
        let message = message {
            _ = try take(Self.model("\"new\":{\"dataType\":\"INT\"}," + Self.point("FLOAT")))
        }
        #expect(
            message.hasPrefix("m.json:1: point \"p\" of model \"m\" is int64 and not FLOAT"), "\(message)")
        #expect(message.contains("varve model change"))
        #expect(try fixture.registry.exportText() == before)
    }

    @Test(
        "what cannot be understood is refused with line and path, and nothing is created",
        arguments: [
            (point("FLOAT2"), "m.json:2: measurepoints.p.dataType is \"FLOAT2\""),
            ("\"p\":{\"dataType\":null}", "m.json:2: measurepoints.p has no dataType"),
            ("\"p\":{\"dataType\":3}", "m.json:2: measurepoints.p.dataType is no text"),
            ("\"p\":7", "m.json:2: measurepoints.p is no object"),
            (point("ENUM"), "m.json:2: measurepoints.p is an ENUM without a dataDefinition"),
            (point("ENUM", "\"{\""), "m.json:2: measurepoints.p.dataDefinition is no JSON"),
            (point("ENUM", "\"[]\""), "m.json:2: measurepoints.p.dataDefinition is no object"),
            (point("ENUM", "{}"), "m.json:2: measurepoints.p.dataDefinition.enumDesc has no keys"),
            (
                point("ENUM", #"{"enumDesc":{"a":{}},"enumType":"INT"}"#),
                "m.json:2: measurepoints.p.dataDefinition.enumDesc has the key \"a\""
            ),
            (
                point("ENUM", #"{"enumDesc":{"1":{}},"enumType":"BYTE"}"#),
                "m.json:2: measurepoints.p.dataDefinition.enumType is \"BYTE\""
            ),
            (
                point("STRING", #"{"maxLength":4096}"#),
                "m.json:2: measurepoints.p.dataDefinition.maxLength is no length"
            ),
            (
                point("ARRAY", #"{"itemType":"STRUCT"}"#),
                "m.json:2: measurepoints.p.dataDefinition.itemType is \"STRUCT\""
            ),
            (point("ARRAY", "{}"), "m.json:2: measurepoints.p.dataDefinition.itemType is missing"),
            (
                point(
                    "STRUCT",
                    #"{"items":[{"identifier":"a","dataType":"STRUCT","dataDefinition":{"items":[]}}]}"#),
                "m.json:2: measurepoints.p.dataDefinition.items[0] is a STRUCT in a STRUCT"
            ),
            (
                point("STRUCT", #"{"items":[{"dataType":"INT"}]}"#),
                "m.json:2: measurepoints.p.dataDefinition.items[0] has no identifier"
            ),
            (point("INT", nil, ",\"hasQuality\":1"), "m.json:2: measurepoints.p.hasQuality is neither"),
            (
                point("INT", nil, #","unit":{"unitId":"W","multiplier":"LAKH"}"#),
                "m.json:2: measurepoints.p.unit.multiplier is \"LAKH\""
            ),
            (
                "\"q\":{\"identifier\":\"p\",\"dataType\":\"INT\"}",
                "m.json:2: measurepoints.q has the identifier \"p\""
            ),
            (point("INT") + "," + point("INT"), "m.json:2: measurepoints.p is there twice"),
            ("\"\":{\"dataType\":\"INT\"}", "m.json:1: the point id is empty"),
            ("\"$event/x\":{\"dataType\":\"INT\"}", "m.json:1: point id \"$event/x\" begins with"),
            ("\"p\":{", "m.json:2: \",\" or \"}\" is missing"),
        ])
    func refused(points: String, start: String) throws {
        let message = message { _ = try take(Self.model(points)) }
        #expect(message.hasPrefix(start), "\(message)")
        #expect(!message.contains("\n"))
        #expect(try fixture.registry.models() == [])
    }

    @Test("JSON nested without end is refused")
    func deep() throws {
        let text = "{\"modelId\":\"m\",\"tags\":" + String(repeating: "[", count: 100_000)
        #expect(message { _ = try take(text) }.contains("nested deeper than 16"))
        let data = String(repeating: "{\"data\":", count: 100_000) + "{\"modelId\":\"m\"}"
        #expect(code { _ = try take(data) } == .malformedInput)
    }
}
