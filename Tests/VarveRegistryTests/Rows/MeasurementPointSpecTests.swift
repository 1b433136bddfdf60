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
        ])
    func good(spec: String, point: MeasurementPoint) throws {
        #expect(try MeasurementPoint(spec: spec) == point)
    }

    @Test(
        "a bad spec is refused",
        arguments: [
            "", "p", "p:", ":double", "p:float", "p:Double", "double", "p:double:", "p:double:good",
            "p:double:quality:quality", "p:double:unit=", "p:double:unit=a:unit=b", "p:double:unit=a:b",
        ])
    func bad(spec: String) {
        #expect(code { _ = try MeasurementPoint(spec: spec) } == .invalid)
    }
}
