// MeasurementPointSpecTests.swift — points as the command line writes them.

import Testing
import VarveModel

@testable import VarveRegistry

@Suite struct MeasurementPointSpecTests {
    @Test(
        "a spec gives id, type, quality and unit",
        arguments: [
            ("p:double", MeasurementPoint(id: "p", type: .double)),
            ("p:int64:quality", MeasurementPoint(id: "p", type: .int64, hasQuality: true)),
            ("p:bool:unit=on/off", MeasurementPoint(id: "p", type: .bool, unit: "on/off")),
            (
                "a b:string:quality:unit=°C",
                MeasurementPoint(id: "a b", type: .string, hasQuality: true, unit: "°C")
            ),
            ("p:json:unit=x:quality", MeasurementPoint(id: "p", type: .json, hasQuality: true, unit: "x")),
            ("ns:sub:p:double", MeasurementPoint(id: "ns:sub:p", type: .double)),
            ("double:double", MeasurementPoint(id: "double", type: .double)),
            ("p:INT", MeasurementPoint(id: "p", type: .int64, rule: .int)),
            (
                "a:b:ENUM(0,1):unit=x:quality",
                MeasurementPoint(
                    id: "a:b", type: .int64, hasQuality: true, unit: "x",
                    rule: .integerEnumeration(keys: [0, 1]))
            ),
            (
                "s:STRUCT(a:INT,b:STRING(3)?)",
                MeasurementPoint(
                    id: "s", type: .json,
                    rule: .structure([
                        .init(name: "a", rule: .int, isRequired: true),
                        .init(name: "b", rule: .string(maximumBytes: 3), isRequired: false),
                    ]))
            ),
            ("INT:INTERNAL:bool", MeasurementPoint(id: "INT:INTERNAL", type: .bool)),
        ])
    func good(spec: String, point: MeasurementPoint) throws {
        #expect(try MeasurementPoint(spec: spec) == point)
    }

    @Test(
        "a bad spec is refused",
        arguments: [
            "", "p", "p:", ":double", "p:float", "p:Double", "double", "p:double:", "p:double:good",
            "p:double:quality:quality", "p:double:unit=", "p:double:unit=a:unit=b", "p:double:unit=a:b",
            "p:INT(3)", "p:ENUM", "p:ENUM()", "p:INTEGER", "p:STRUCT(a:STRUCT(b:INT))", "p:INT:INT",
            "$event/x:json",
        ])
    func bad(spec: String) {
        #expect(code { _ = try MeasurementPoint(spec: spec) } == .invalid)
    }

    @Test("attributes and events have specs of their own")
    func features() throws {
        #expect(try ModelFeature(attribute: "a:b:FLOAT") == ModelFeature(.attribute, "a:b", rule: .float))
        #expect(try ModelFeature(attribute: "a:json") == ModelFeature(.attribute, "a"))
        #expect(try ModelFeature(event: "e:1") == ModelFeature(.event, "e:1"))
        let output = ValueRule.structure([
            .init(
                name: "s", rule: .structure([.init(name: "x", rule: .int, isRequired: true)]),
                isRequired: true)
        ])
        #expect(
            try ModelFeature(event: "e:STRUCT(s:STRUCT(x:INT))") == ModelFeature(.event, "e", rule: output))
        for spec in ["a", "a:double", "a:INT:quality", ":INT", "a:ENUM("] {
            #expect(code { _ = try ModelFeature(attribute: spec) } == .invalid, "\(spec)")
        }
        for spec in ["", "e:INT", "e:json", "e:STRUCT(a:INT", "e:STRUCT(a:INT):x"] {
            #expect(code { _ = try ModelFeature(event: spec) } == .invalid, "\(spec)")
        }
    }
}
