// SealTests.swift — the registry's checksum detects rows that Varve did not write.

import Foundation
import Testing
import VarveModel

@testable import VarveRegistry

@Suite struct CRC64Tests {
    @Test("the seal's checksum is CRC-64/XZ")
    func checkValue() {
        #expect(CRC64.checksum(Array("123456789".utf8)) == 0x995D_C9BB_DF19_39FA)
        #expect(CRC64.checksum([]) == 0)
    }
}

@Suite struct SealTests {
    private let fixture: RegistryFixture

    init() throws {
        fixture = try RegistryFixture()
    }

    @Test(
        "a row changed, added or removed by others is noticed, with the file named",
        arguments: [
            "UPDATE model SET name = 'x'",
            "UPDATE point SET type = 2 WHERE id = 'power'",
            "UPDATE point SET unit = NULL WHERE id = 'power'",
            "UPDATE point SET quality = 0 WHERE id = 'power'",
            "UPDATE point SET quality = 7 WHERE id = 'power'",
            "UPDATE point SET position = position + 5",
            "UPDATE product SET secret = 'S1' WHERE key = 'wind'",
            "UPDATE product SET format = 'custom' WHERE key = 'wind'",
            "UPDATE product SET format = 'other' WHERE key = 'wind'",
            "UPDATE product SET duplicates = 2 WHERE key = 'wind'",
            "UPDATE product SET duplicates = 9 WHERE key = 'wind'",
            "UPDATE device SET timezone = 'UTC' WHERE key = 'T2'",
            "UPDATE device SET product = 'solar' WHERE key = 'T2'",
            "UPDATE device SET name = CAST(x'FF' AS TEXT) WHERE key = 'T2'",
            "INSERT INTO device (product, key, secret) VALUES ('wind', 'T9', 's')",
            "DELETE FROM device WHERE key = 'T2'",
            "DELETE FROM model",
            "UPDATE seal SET digest = digest + 1",
            "UPDATE seal SET rows = rows + 1",
            "DELETE FROM seal",
        ])
    func tampering(sql: String) throws {
        try fixture.fill()
        try fixture.registry.verifySeal()
        try fixture.tamper(sql)
        #expect(code { try fixture.registry.verifySeal() } == .damaged)
        #expect(message { try fixture.registry.verifySeal() }.contains(fixture.path))
    }

    @Test("every change keeps the seal equal to the digest of the export")
    func keptInStep() throws {
        let registry = fixture.registry
        var digests: Set<UInt64> = []
        let steps: [() throws -> Void] = [
            {
                try registry.create(
                    Model(id: "m", name: "M", points: [MeasurementPoint(id: "a", type: .double)]))
            },
            { try registry.addPoints([MeasurementPoint(id: "b", type: .json)], toModel: "m") },
            { try registry.create(Product(key: "p", model: "m", format: .custom)) },
            { try registry.create(Device(product: "p", key: "d", assetID: "asset", name: "n")) },
            { try registry.deleteDevice(named: "d") },
            { try registry.deleteProduct("p") },
        ]
        for step in steps {
            try step()
            try registry.verifySeal()
            digests.insert(try registry.exportText().digest)
        }
        // The two deletions restore the rows of the third and the second step.
        #expect(digests.count == 4)
        try registry.deleteModel("m")
        try registry.verifySeal()
        #expect(try registry.exportText() == RegistryExport(text: "", digest: 0, rows: 0))
    }

    @Test("the export does not depend on the order in which rows came")
    func deterministicExport() throws {
        let first = fixture
        let second = try RegistryFixture()
        defer { withExtendedLifetime(second) {} }
        try first.fill()
        try second.registry.create(first.registry.model("turbine"))
        for product in try first.registry.products() { try second.registry.create(product) }
        for device in try first.registry.devices().reversed() { try second.registry.create(device) }
        let export = try first.registry.exportText()
        #expect(try second.registry.exportText() == export)
        #expect(export.rows == 8)
        let lines = export.text.split(separator: "\n")
        #expect(lines.count == 8)
        #expect(lines[0] == #"{"row":"model","id":"turbine","name":null}"#)
        #expect(
            lines[1]
                == #"{"row":"point","model":"turbine","position":0,"id":"power","type":1,"quality":1,"unit":"kW"}"#
        )
        #expect(
            lines[4]
                == #"{"row":"product","key":"wind","model":"turbine","name":null,"secret":"s1","format":"json","duplicates":1}"#
        )
        #expect(
            lines[7] == #"{"row":"device","product":"wind","key":"T2","secret":"d2","#
                + #""asset":null,"name":null,"timezone":"Europe/Paris"}"#)
    }

    @Test("a flipped bit in the file is an error or changes no row")
    func flippedBits() throws {
        try fixture.fill()
        let expected = try fixture.registry.exportText()
        let copy = fixture.directory.appendingPathComponent("copy.sqlite")
        try fixture.tamper("VACUUM INTO '\(copy.path)'")
        let bytes = try Data(contentsOf: copy)
        var noticed = 0
        for index in stride(from: 0, to: bytes.count, by: 41) {
            var damaged = bytes
            damaged[index] ^= 1 << UInt8(index % 8)
            try damaged.write(to: copy)
            do {
                let registry = try Registry.open(path: copy.path, create: false, readOnly: true)
                try registry.verifySeal()
                #expect(try registry.exportText() == expected, "byte \(index)")
            } catch is RegistryError {
                noticed += 1
            }
        }
        #expect(noticed > 20)
    }
}
