// DeclaredTypeTests.swift — the effect of the column or member `type` of a row.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveTransfer

@Suite struct DeclaredTypeTests {
    @Test("a declared type decides the type of a new point, even if its values look like another")
    func newPoint() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let text = """
            device,point,time,value,type
            D,s,1714564800,1.10,string
            D,s,1714564801,2,
            D,b,1714564800,1,bool
            D,n,1714564800,5,int64
            D,j,1714564800,1.50,json
            D,t,1714564800,,double

            """
        let result = try fixture.run(text) { $0.registers = true }
        #expect(result.receipt.rejected == 0)
        let types = ["s", "b", "n", "j", "t"].map { fixture.directory.type("default", $0) }
        #expect(types == [.string, .bool, .int64, .json, .double])
        let texts = fixture.store.samples("D", "s", product: "default").map(\.value)
        #expect(texts == [.string("1.10"), .string("2")])
    }

    @Test("a row is rejected if it declares another type than its point has, or a word that is not a type")
    func mismatch() throws {
        let fixture = try TransferFixture()
        let text = """
            device,point,time,value,type
            A,t,1714564800,1.10,string
            A,t,1714564801,2,double
            A,t,1714564802,2,
            A,t,1714564803,2,Double
            A,t,1714564804,2,analog

            """
        let result = try fixture.run(text)
        #expect(result.receipt.accepted == 2)
        let reasons = try fixture.reasons()
        #expect(reasons.count == 3)
        #expect(reasons[0].contains("point t is double, and the row says that it is string"))
        #expect(reasons[1].contains("there is no type \"Double\", only double, int64"))
        let lines = """
            {"device":"A","point":"s","time":1714564800,"value":"x","type":"double"}
            {"device":"A","point":"s","time":1714564801,"value":"x","type":null}
            {"device":"A","point":"s","time":1714564802,"value":"x","type":5}
            {"device":"A","point":"s","time":1714564803,"value":"x","type":"string"}

            """
        let second = try fixture.run(lines, name: "in.ndjson")
        #expect(second.receipt.accepted == 2)
        #expect(second.receipt.rejected == 2)
    }

    @Test("two declared types for one point refuse the run before anything is registered")
    func twoTypes() throws {
        for device in ["D", "E"] {
            let fixture = try TransferFixture(directory: FakeDirectory())
            let text = """
                device,point,time,value,type
                D,p,1714564800,1,double
                \(device),p,1714564801,1,string

                """
            #expect(throws: ImportError.twoTypes(point: "p", types: ["double", "string"])) {
                try fixture.run(text) { $0.registers = true }
            }
            #expect(fixture.directory.registrations.isEmpty)
            #expect(fixture.store.batches.isEmpty)
        }
    }

    @Test("in a wide file a column named type is a point")
    func wide() throws {
        let fixture = try TransferFixture(directory: FakeDirectory())
        let result = try fixture.run("time,device,type\n1714564800,D,5\n") {
            $0.registers = true
            $0.isWide = true
        }
        #expect(result.receipt.accepted == 1)
        #expect(fixture.store.samples("D", "type", product: "default").first?.value == .double(5))
    }
}
