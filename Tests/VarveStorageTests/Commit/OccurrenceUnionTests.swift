// OccurrenceUnionTests.swift — what rows of an event do; StoreModelTests has them in random histories with crashes.

import Testing
import VarveModel
import VarveQuery
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct OccurrenceUnionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        /// What is stored at time 5, if anything.
        var existing: Value??
        /// The values of rows at time 5.
        var rows: [String]
        /// Accepted, identical, accepted at a time that has a sample.
        var counts: [UInt64]
        /// What is stored then; nil if nothing changes.
        var stored: String?
        var testDescription: String { name }
    }

    private static let key = SeriesKey(product: "p", device: "d", point: "$event/alarm")

    static let cases: [Case] = [
        Case(name: "the first", rows: [#"[{"a":1}]"#], counts: [1, 0, 0], stored: #"[{"a":1}]"#),
        Case(name: "the same again", existing: .json("[1]"), rows: ["[1]"], counts: [0, 1, 0]),
        Case(
            name: "another one", existing: .json("[2]"), rows: ["[1]"], counts: [1, 0, 1], stored: "[1,2]"),
        Case(
            name: "a part of what is there", existing: .json("[1,2,3]"), rows: ["[3,1]"], counts: [0, 1, 0]),
        Case(
            name: "several, some of them there", existing: .json("[1,3]"), rows: ["[3,2]", "[1,2]", "[4]"],
            counts: [2, 1, 2], stored: "[1,2,3,4]"),
        Case(
            name: "in one batch, unsorted and repeated", rows: ["[3,1,3]", "[2]", "[3]"], counts: [2, 1, 1],
            stored: "[1,2,3]"),
        Case(
            name: "sorted by bytes", rows: [#"["é","b",10,9,{"a":1},[],null,"B"]"#], counts: [1, 0, 0],
            stored: #"["B","b","é",10,9,[],null,{"a":1}]"#),
        Case(
            name: "white space between elements does not belong to them", existing: .json("[1]"),
            rows: [" [ 1 , 2 ] "], counts: [1, 0, 1], stored: "[1,2]"),
        Case(
            name: "a comma and a bracket inside a text", rows: [#"["a,b]",1]"#], counts: [1, 0, 0],
            stored: #"["a,b]",1]"#),
        Case(
            name: "1 and 1.0 differ", existing: .json("[1]"), rows: ["[1.0]"], counts: [1, 0, 1],
            stored: "[1,1.0]"),
        Case(
            name: "a stored value that is no array is one occurrence", existing: .json(#"{"a":1}"#),
            rows: ["[2]"], counts: [1, 0, 1], stored: #"[2,{"a":1}]"#),
        Case(
            name: "a stored value without a value", existing: .some(nil), rows: ["[2]"], counts: [1, 0, 1],
            stored: "[2]"),
    ]

    private static func rows(_ values: [(Int64, String)]) -> SeriesRows {
        SeriesRows(
            key, .json, policy: .every,
            values.map { Sample(time: Timestamp(nanoseconds: $0.0), value: .json($0.1)) })
    }

    @Test("each row of an event adds its occurrences or is identical", arguments: cases)
    func table(_ test: Case) throws {
        let resolver = try RowResolver(Self.rows(test.rows.map { (5, $0) })) { known in
            guard let existing = test.existing else { return }
            var columns = SampleColumns(type: .json)
            columns.append(
                Sample(time: Timestamp(nanoseconds: 5), value: existing, quality: existing == nil ? 1 : nil))
            known.take(newerIn: SampleRun(columns, commit: 1))
        }
        let receipt = resolver.receipt
        #expect([receipt.accepted, receipt.identical, resolver.joined] == test.counts)
        #expect(receipt.corrected == 0 && receipt.superseded == 0)
        let stored = (0..<resolver.stored.count).map { resolver.stored.sample($0, type: .json) }
        let expected = test.stored.map { Sample(time: Timestamp(nanoseconds: 5), value: .json($0)) }
        #expect(stored == (expected.map { [$0] } ?? []))
    }

    @Test("what is not an event's array is refused, and nothing of the batch is stored")
    func refused() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        _ = try store.commit(SampleBatch(series: [Self.rows([(1, "[0]")])]))
        let time = Timestamp(nanoseconds: 1)
        let halves = ["x", "y"].map {
            "[\"" + String(repeating: $0, count: Limits.occurrenceBytes / 2) + "\"]"
        }
        let bad: [SeriesRows] =
            ["1", "{}", "[]", "", "[1", "[1]2", "[1,]"].map { Self.rows([(2, "[1]"), (1, $0)]) }
            + [
                SeriesRows(Self.key, .json, policy: .every, [Sample(time: time, value: nil, quality: 1)]),
                SeriesRows(
                    Self.key, .json, policy: .every, [Sample(time: time, value: .json("[1]"), quality: 0)]),
                SeriesRows(Self.key, .string, policy: .every, [Sample(time: time, value: .string("[1]"))]),
                Self.rows(halves.map { (1, $0) }),
            ]
        for rows in bad {
            #expect(throws: StorageError.self) {
                do {
                    _ = try store.commit(SampleBatch(series: [rows]))
                } catch {
                    let refusal = try #require(error as? any BatchRefusal)
                    #expect(refusal.refusesBatch, "\(error)")
                    throw error
                }
            }
        }
        #expect(try store.snapshot().samples(Self.key, .json).map(\.value) == [.json("[0]")])
        // The longest union that is taken: the brackets, a comma and two texts.
        let longest = "[0,\"" + String(repeating: "y", count: Limits.occurrenceBytes - 6) + "\"]"
        #expect(longest.utf8.count == Limits.occurrenceBytes)
        #expect(try store.commit(SampleBatch(series: [Self.rows([(1, longest)])])).receipt.accepted == 1)
        #expect(throws: StorageError.self) {
            try store.commit(SampleBatch(series: [Self.rows([(1, "[1]")])]))
        }
    }

    @Test("the order of arrival changes neither the occurrences nor the digest, whatever happens in between")
    func order() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let contents = (0..<12).map { #"{"code":\#($0)}"# } + ["1", "\"x\"", "[1,2]"]
        let rows = (0..<300).map { _ in
            let some = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                contents.randomElement(using: &random) ?? "1"
            }
            return (Int64.random(in: 0..<25, using: &random), "[" + some.joined(separator: ",") + "]")
        }
        var digests: Set<String> = []
        for round in 0..<3 {
            let directory = try TemporaryDirectory()
            var store = try Store.open(directory.path)
            var left = rows.shuffled(using: &random)[...]
            var total: UInt64 = 0
            while !left.isEmpty {
                let batch = left.prefix(Int.random(in: 1...40, using: &random))
                left = left.dropFirst(batch.count)
                let receipt = try store.commit(SampleBatch(series: [Self.rows(Array(batch))], reapply: true))
                    .receipt
                #expect(receipt.accepted + receipt.identical == UInt64(batch.count), "seed \(seed)")
                total += receipt.accepted
                switch Int.random(in: 0..<6, using: &random) {
                case 0: try store.flush()
                case 1: _ = try store.compact()
                case 2:
                    // The copy is what a crash would leave: its WAL has no end.
                    let copy = try directory.copy()
                    #expect(try Store.open(copy.path).statistics().samples == store.statistics().samples)
                    try store.close()
                    store = try Store.open(directory.path)
                default: break
                }
            }
            let snapshot = store.snapshot()
            #expect(
                try store.statistics().samples == UInt64(snapshot.samples(Self.key, .json).count),
                "seed \(seed)")
            let info = try #require(snapshot.series().first)
            try snapshot.digests(of: info, in: .all) { digests.insert($0.digest.description) }
            #expect(total >= 25, "seed \(seed), round \(round)")
            #expect(try Store.verify(directory.path, deep: true).damage.isEmpty, "seed \(seed)")
        }
        #expect(digests.count == 1, "seed \(seed)")
    }

    @Test("a state of the past shows the occurrences that had come by then, and a deletion begins again")
    func past() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for value in ["[2]", "[1]", "[3]"] {
            _ = try store.commit(SampleBatch(series: [Self.rows([(7, value)])]))
        }
        func shown(_ snapshot: StoreSnapshot) throws -> [Value?] {
            try snapshot.samples(Self.key, .json).map(\.value)
        }
        for step in 0..<3 {
            if step == 1 { try store.flush() }
            if step == 2 { _ = try store.compact() }
            let snapshot = store.snapshot()
            #expect(try shown(snapshot) == [.json("[1,2,3]")])
            #expect(try shown(snapshot.asOf(commit: 1)) == [.json("[2]")])
            #expect(try shown(snapshot.asOf(commit: 2)) == [.json("[1,2]")])
        }
        _ = try store.delete([Self.key], in: .all)
        _ = try store.commit(SampleBatch(series: [Self.rows([(7, "[9]")])]))
        #expect(try shown(store.snapshot()) == [.json("[9]")])
    }
}
