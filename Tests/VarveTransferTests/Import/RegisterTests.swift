// RegisterTests.swift — types, products and devices that `--register` makes.

import Testing
import VarveModel

@testable import VarveTransfer

@Suite struct RegisterTests {
    private func type(_ values: [String], wide: Bool = false) throws -> ValueType? {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let rows = values.enumerated().map { "D,p,\(1_714_564_800 + $0.offset),\($0.element)\n" }
        let result = try fixture.run("device,point,time,value\n" + rows.joined()) { $0.registers = true }
        #expect(result.receipt.rejected == 0)
        return fixture.directory.type("default", "p")
    }

    @Test(
        "a new point gets the type that holds all its values exactly",
        arguments: [
            (["1", "2.5"], .double), (["1", "2"], .double), (["nan", "1e5", "-inf"], .double),
            (["9007199254740992"], .double), (["9007199254740993", "1"], .int64),
            (["9007199254740993", "1.5"], .string), (["9223372036854775808"], .string),
            (["1", "x"], .string),
            (["true"], .string), (["", "null", "1"], .double), (["", ""], .double),
            (["\"\"", "\"null\""], .string),
            (["\"\"", "1"], .double), (["\"1\"", "\"2\""], .double), (["\"\"", "x"], .string),
        ] as [([String], ValueType)])
    func types(values: [String], expected: ValueType) throws {
        #expect(try type(values) == expected)
    }

    @Test("all devices of a product share the type of a point")
    func sharedType() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let text = "device,point,time,value\nD,p,1714564800,1\nE,p,1714564800,x\nE,q,1714564800,1\n"
        let result = try fixture.run(text) { $0.registers = true }
        #expect(result.receipt.accepted == 3)
        #expect(result.registered == 6)
        #expect(fixture.store.samples("D", "p", product: "default").first?.value == .string("1"))
        #expect(fixture.directory.type("default", "q") == .double)
        #expect(fixture.directory.registrations.count == 1)
    }

    @Test("a column names the product, else the option, else it is default")
    func products() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let text = "device,point,time,value,product\nD,p,1714564800,1,X\nD,p,1714564800,2,\n"
        _ = try fixture.run(text) {
            $0.registers = true
            $0.product = "Y"
        }
        #expect(fixture.store.samples("D", "p", product: "X").count == 1)
        #expect(fixture.store.samples("D", "p", product: "Y").count == 1)
        let result = try fixture.run("device,point,time,value\nE,p,1714564800,1\nD,p,1714564800,1\n") {
            $0.registers = true
        }
        #expect(fixture.store.samples("E", "p", product: "default").count == 1)
        #expect(result.receipt.rejected == 1)
        #expect(try fixture.reasons()[0].contains("X, Y"))
    }

    @Test("a device that exists is not registered again, and a new point joins its product")
    func existing() throws {
        let fixture = try TransferFixture()
        let first = try fixture.run("device,point,time,value\nD,p,1714564800,1\nA,t,1714564800,1\n") {
            $0.registers = true
        }
        #expect(first.receipt.accepted == 2)
        #expect(fixture.store.samples("A", "t", product: "P").count == 1)
        let second = try fixture.run("device,point,time,value\nD,q,1714564800,1\nA,z,1714564800,1\n") {
            $0.registers = true
        }
        #expect(fixture.store.samples("D", "q", product: "default").count == 1)
        #expect(second.receipt.accepted == 2)
        #expect(fixture.store.samples("A", "z", product: "P").count == 1)
    }

    @Test("a type is fixed at first registration; a later mismatch is rejected")
    func fixedType() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        _ = try fixture.run("device,point,time,value\nD,p,1714564800,1\n") { $0.registers = true }
        let result = try fixture.run("device,point,time,value\nD,p,1714564801,x\n") { $0.registers = true }
        #expect(result.receipt.rejected == 1)
        #expect(try fixture.reasons()[0].contains("`varve model change MODEL --point POINT:string`"))
    }

    @Test("nothing is learnt from rows that are rejected")
    func rejectedRows() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let text = "device,point,time,value,quality\nD,p,1714564800,1,\nD,p,never,x,\nE,p,1714564800,x,bad\n"
        let result = try fixture.run(text) { $0.registers = true }
        #expect(result.receipt.rejected == 2)
        #expect(fixture.directory.type("default", "p") == .double)
        #expect(fixture.directory.registrations[0].devices.map(\.device) == ["D"])
    }

    @Test("a dry run registers and commits nothing, and counts what would be accepted")
    func dryRun() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let result = try fixture.run("device,point,time,value\nD,p,1714564800,1\nD,q,1714564800,x\n") {
            $0.registers = true
            $0.isDryRun = true
        }
        #expect(result.receipt.accepted == 2)
        #expect(fixture.directory.registrations.isEmpty)
        #expect(fixture.store.batches.isEmpty)
        #expect(fixture.store.imports == 0)
        #expect(fixture.store.content.isEmpty)
    }
}
