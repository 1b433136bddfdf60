// DeviceImportTests.swift — devices from files: rejected rows, changes of devices, and many of them.

import Testing
import VarveModel
import VarveText

@testable import VarveRegistry

@Suite struct DeviceImportTests {
    private let fixture: RegistryFixture

    init() throws {
        fixture = try RegistryFixture()
        try fixture.fill()
    }

    private func take(_ text: String, updates: Bool = false) throws -> ImportOutcome {
        try fixture.registry.importRows(
            .devices, from: Array(text.utf8), named: "d.csv",
            rules: ImportRules(updates: updates, rejects: true)
        ) { $0 == "UTC" || $0 == "Europe/Paris" }
    }

    @Test("rows that cannot be taken are rejected with line and reason, and the others are taken")
    func rejected() throws {
        let outcome = try take(
            """
            device,product,secret,name,timezone,activated
            N1,wind,s,First,UTC,2024-05-01T10:00:00Z
            N2,nowhere,,,,
            ,wind,,,,
            N3,wind,,,Mars,
            T1,wind,other,,,
            N1,wind,s,First,UTC,
            N4,wind,,,,yesterday
            "a
            b",wind,,,,
            N5,wind,,,,
            """)
        #expect(outcome.created == 2)
        #expect(outcome.rejected.map(\.line) == [3, 4, 5, 6, 7, 8, 9])
        for (row, part) in zip(
            outcome.rejected,
            [
                "no product \"nowhere\"", "device is missing", "no time zone \"Mars\"", "another secret",
                "in line 2 already",
                "activated is \"yesterday\"", "device key \"a\\nb\"",
            ])
        {
            #expect(row.reason.contains(part), "\(row)")
        }
        #expect(outcome.rejected[3].fields == ["T1", "wind", "other", "", "", "", ""])
        #expect(try fixture.registry.device(named: "N1").activated?.description == "2024-05-01T10:00:00Z")
        #expect(try fixture.registry.device(named: "wind/T1").secret == "d1")
        try fixture.registry.verifySeal()
    }

    @Test("with updates a row changes the device, and an empty field leaves what is there")
    func updates() throws {
        let file = "device,product,secret,name,timezone\nT2,wind,,Second,\nT1,wind,new,,UTC\nN1,wind,,,\n"
        #expect(try take(file).rejected.count == 2)
        #expect(try fixture.registry.device(named: "T2").name == nil)
        let outcome = try take(file, updates: true)
        #expect(outcome.changed == 2 && outcome.unchanged == 1 && outcome.rejected.isEmpty)
        #expect(
            try fixture.registry.device(named: "T2")
                == Device(product: "wind", key: "T2", secret: "d2", name: "Second", timeZone: "Europe/Paris"))
        #expect(
            try fixture.registry.device(named: "wind/T1")
                == Device(product: "wind", key: "T1", secret: "new", timeZone: "UTC"))
        try fixture.registry.verifySeal()
    }

    @Test("a file that cannot be read as rows undoes all, though rows may be rejected")
    func damagedFile() throws {
        let before = try fixture.registry.exportText()
        #expect(code { _ = try take("device,product\nN1,wind\n\"N2,wind\n") } == .malformedInput)
        #expect(code { _ = try take("device;product\nN1;wind\n") } == .malformedInput)
        #expect(try fixture.registry.exportText() == before)
        let outcome = try take("device,product\nN1,wind\nN2\nN3,wind\n")
        #expect(outcome.created == 2 && outcome.rejected.map(\.line) == [3], "a short line is rejected alone")
    }

    @Test("what a pass-through model declares is there at once, and only such a model declares")
    func declare() throws {
        let registry = fixture.registry
        let points = [
            Registration.Point(product: "wind", point: "new", type: .bool),
            Registration.Point(product: "wind", point: "$event/e", type: .json),
        ]
        let refused = try registry.declare(points)
        #expect(refused.isClosed && Set(refused.reasons.keys) == ["new", "$event/e"])
        try registry.extendModel("turbine", isPassThrough: true)
        let generation = try registry.generation()
        #expect(try registry.declare(points) == DeclinedNames())
        // What was remembered stays right, so that a new name does not cost a reading of everything.
        #expect(try registry.generation() == generation)
        #expect(
            try registry.hasPoint("new", product: "wind") && registry.hasPoint("$event/e", product: "solar"))
        let wrong = Registration.Point(product: "wind", point: "a\nb", type: .bool)
        let fine = Registration.Point(product: "wind", point: "fine", type: .bool)
        let declined = try registry.declare([wrong, fine])
        #expect(!declined.isClosed && Array(declined.reasons.keys) == ["a\nb"])
        #expect(try registry.hasPoint("fine", product: "wind"))
        try registry.verifySeal()
    }
}
