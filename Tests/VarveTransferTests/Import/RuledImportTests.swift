// RuledImportTests.swift — a value that the model forbids does not come in by a file either, and events unite.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveTransfer

@Suite struct RuledImportTests {
    private static func fixture() throws -> TransferFixture {
        let directory = FakeDirectory(
            devices: ["A"],
            points: [
                "int": .int64, "mode": .int64, "name": .string, "word": .string, "day": .string,
                "list": .json,
                "open": .int64, "$event/alarm": .json, "$attribute/owner": .json,
            ])
        directory.withState { state in
            state.rules = [
                "int": .int, "mode": .integerEnumeration(keys: [1, 2]), "name": .string(maximumBytes: 4),
                "word": .textEnumeration(keys: ["on"]), "day": .date, "list": .array(of: .int),
                "$event/alarm": .structure([.init(name: "code", rule: .int, isRequired: true)]),
                "$attribute/owner": .string(maximumBytes: 8),
            ]
        }
        return try TransferFixture(directory: directory)
    }

    @Test("rows whose values the model forbids are rejected, each with what would fit")
    func rejected() throws {
        let fixture = try Self.fixture()
        let text = #"""
            device,point,time,value,quality
            A,int,1714564800,2147483647,
            A,int,1714564801,2147483648,
            A,int,1714564802,,3
            A,mode,1714564800,2,
            A,mode,1714564801,7,
            A,name,1714564800,abcd,
            A,name,1714564801,abcde,
            A,word,1714564800,on,
            A,word,1714564801,off,
            A,day,1714564800,2024-05-01 10:00:00,
            A,day,1714564801,2024-05-01,
            A,list,1714564800,"[1, 2]",
            A,list,1714564801,"[1,""x""]",
            A,open,1714564800,2147483648,
            A,$attribute/owner,1714564800,"""ada""",
            A,$attribute/owner,1714564801,"""ada lovelace""",

            """#
        let result = try fixture.run(text)
        #expect(result.receipt.accepted == 9 && result.receipt.rejected == 7)
        let expected = [
            "point int is INT, and \"2147483648\" is not an integer of 32 bits",
            "point mode is ENUM, and \"7\" is not one of the keys 1, 2",
            "point name is STRING, and \"abcde\" is not a text of 1 to 4 bytes",
            "point word is ENUM, and \"off\" is not one of the keys \"on\"",
            "point day is DATE, and \"2024-05-01\" is not a date and time",
            "point list is ARRAY, and \"x\" in element 2 is not an integer of 32 bits",
            "point $attribute/owner is STRING, and \"ada lovelace\" is not a text of 1 to 8 bytes",
        ]
        let reasons = try fixture.reasons()
        #expect(reasons.count == expected.count)
        for (reason, expected) in zip(reasons, expected) { #expect(reason.contains(expected), "\(reason)") }
    }

    @Test("an event takes lists of contents that its model allows, without a quality")
    func events() throws {
        let fixture = try Self.fixture()
        let text = """
            {"device":"A","point":"$event/alarm","time":1714564800,"value":[{"code":2},{"code":1}]}
            {"device":"A","point":"$event/alarm","time":1714564801,"value":{"code":1}}
            {"device":"A","point":"$event/alarm","time":1714564802,"value":[]}
            {"device":"A","point":"$event/alarm","time":1714564803,"value":[{"code":1},{"code":"x"}]}
            {"device":"A","point":"$event/alarm","time":1714564804,"value":[{"code":1}],"quality":0}
            {"device":"A","point":"$event/alarm","time":1714564805,"value":null,"quality":1}
            {"device":"A","point":"$event/alarm","time":1714564806,"value":null}

            """
        let result = try fixture.run(text, name: "in.ndjson")
        #expect(result.receipt.accepted == 1 && result.receipt.rejected == 5 && result.receipt.skipped == 1)
        let rows = try #require(fixture.store.batches.first?.series.first)
        #expect(rows.policy == .every && rows.columns.count == 1)
    }
}
