// ImporterTests.swift — whole imports into a store in memory.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveTransfer

@Suite struct ImporterTests {
    @Test("rows of all types arrive exactly, with quality and time")
    func allTypes() throws {
        let fixture = try TransferFixture()
        let result = try fixture.run(
            #"""
            quality,device,point,value,time
            0,A,t,1.5,2024-05-01T12:00:00Z
            ,A,n,9007199254740993,2024-05-01T12:00:00+02:00
            -3,A,b,TRUE,2024-05-01 12:00:00
            ,A,s,"x,""y""",2024-05-01T12:00:00.5Z
            ,A,j,"{""b"": 1,""a"":[1, 2]}",2024-05-01T12:00:00Z
            """#)
        #expect(result.receipt.accepted == 5)
        #expect(result.receipt.rows == 5)
        #expect(result.timeUnit == "rfc3339")
        #expect(result.exitCode == 0)
        let store = fixture.store
        #expect(store.samples("A", "t") == [try .at("2024-05-01T12:00:00Z", .double(1.5), 0)])
        #expect(store.samples("A", "n") == [try .at("2024-05-01T10:00:00Z", .int64(9_007_199_254_740_993))])
        #expect(store.samples("A", "b") == [try .at("2024-05-01T12:00:00Z", .bool(true), -3)])
        #expect(store.samples("A", "s") == [try .at("2024-05-01T12:00:00.5Z", .string("x,\"y\""))])
        #expect(store.samples("A", "j") == [try .at("2024-05-01T12:00:00Z", .json("{\"a\":[1,2],\"b\":1}"))])
        #expect(try fixture.text("in.csv.rejected.csv") == nil)
    }
}
