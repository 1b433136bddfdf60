// CrashOracle.swift — the states that a store may show after a crash, each kept in dictionaries.
//
// Every state has all acknowledged batches. A batch whose commit failed with an unknown outcome splits each state in
// two: one with the whole batch, and one without it. The later answers of the store rule states out.

import VarveModel
import VarveTestSupport

@testable import VarveStorage

/// A batch as the oracle and the store both take it.
struct CrashBatch {
    var rows: [(key: SeriesKey, type: ValueType, policy: DuplicatePolicy, rows: [Sample])]
    /// The import that the batch belongs to, and its place in it.
    var part: (importNumber: Int, index: UInt32, isLast: Bool)?

    var batch: SampleBatch {
        SampleBatch(
            series: rows.map { SeriesRows($0.key, $0.type, policy: $0.policy, $0.rows) },
            part: part.map { SampleBatch.Part(index: $0.index, isLast: $0.isLast) })
    }
}

/// The contents of a store, and the progress of its imports.
struct CrashState {
    private(set) var model = ModelStore()
    /// The types of the existing series.
    private var types: [SeriesKey: ValueType] = [:]
    /// The receipts of the batches of unfinished imports, so that a resumed import reports the whole.
    private var unfinished: [Int: [UInt32: (receipt: Receipt, batch: CrashBatch)]] = [:]

    var samples: [SeriesKey: [Sample]] {
        var samples: [SeriesKey: [Sample]] = [:]
        for key in model.samples.keys { samples[key] = model.read(key) }
        return samples
    }

    mutating func apply(_ batch: CrashBatch) -> Receipt {
        for row in batch.rows { types[row.key] = row.type }
        if let part = batch.part, let first = unfinished[part.importNumber]?[part.index] {
            return first.receipt
        }
        let receipt = model.apply(batch.rows.map { ($0.key, $0.policy, $0.rows) })
        if let part = batch.part {
            unfinished[part.importNumber, default: [:]][part.index] = (receipt, batch)
            if part.isLast { unfinished[part.importNumber] = nil }
        }
        return receipt
    }

    /// Removes samples before a time and returns their number.
    mutating func expire(_ keys: Set<SeriesKey>, before time: Timestamp) -> UInt64 {
        UInt64(model.expire(keys, before: time))
    }

    /// Gives all series of a point another type and returns how many samples did not fit.
    mutating func retype(_ point: String, to type: ValueType) -> UInt64 {
        let keys = types.filter { $0.key.point == point && $0.value != type }.keys
        for key in keys { types[key] = type }
        return UInt64(model.retype(Set(keys)) { $0.converted(to: type) })
    }

    /// Notes what is shown after a commit, and drops notes of later commits, which were lost.
    mutating func note(_ commit: UInt64) { model.note(commit) }

    /// Deletes samples and returns how many there were.
    mutating func delete(_ keys: Set<SeriesKey>, in range: TimeRange) -> UInt64 {
        let deleted = model.delete(keys, in: range)
        for (number, parts) in unfinished {
            unfinished[number] = parts.filter { part in
                !part.value.batch.rows.contains {
                    deleted[$0.key] != nil && ModelStore.reaches($0.rows, range)
                }
            }
        }
        return UInt64(deleted.values.reduce(0, +))
    }
}

/// A violation: what was wrong, and where in which history.
struct CrashFinding: Error, CustomStringConvertible {
    var description: String

    init(_ what: String) { description = what }
}

struct CrashOracle {
    /// The states that are possible after everything seen so far.
    private(set) var states = [CrashState()]

    /// Whether nothing was ever acknowledged or may be there.
    var mayBeEmpty: Bool { states.contains { $0.model.samples.isEmpty } }

    /// An acknowledged batch: its receipt must be that of a possible state.
    mutating func acknowledged(_ batch: CrashBatch, _ outcome: BatchOutcome) throws {
        var possible: [CrashState] = []
        var expected: [Receipt] = []
        for var state in states {
            let receipt = state.apply(batch)
            expected.append(receipt)
            if receipt == outcome.receipt { possible.append(state) }
        }
        guard !possible.isEmpty else {
            throw CrashFinding("receipt \(outcome.receipt), expected \(expected)")
        }
        states = possible
    }

    /// Samples were removed: it must have found as many as a possible state has.
    mutating func removed(_ samples: UInt64, _ remove: (inout CrashState) -> UInt64) throws {
        var possible: [CrashState] = []
        for var state in states where remove(&state) == samples { possible.append(state) }
        guard !possible.isEmpty else { throw CrashFinding("\(samples) samples were removed") }
        states = possible
    }

    /// An operation with an unknown outcome.
    mutating func unknown(_ change: (inout CrashState) -> Void) {
        for var state in states {
            change(&state)
            states.append(state)
        }
    }

    /// Notes what a commit shows, if only one state is possible.
    mutating func note(_ commit: UInt64) {
        guard states.count == 1 else { return }
        states[0].note(commit)
    }

    /// A state of the past must be unchanged, apart from samples deleted since.
    func shownPast(_ source: some SampleSource, _ commit: UInt64) throws {
        let shown = try Self.read(source).filter { !$0.value.isEmpty }
        let possible = states.compactMap { $0.model.states[commit] }.map { past in
            past.mapValues { $0.values.sorted { $0.time < $1.time } }.filter { !$0.value.isEmpty }
        }
        // In a state that is in doubt the commit may be another batch.
        guard states.count == 1, let past = possible.first else { return }
        guard shown == past else {
            throw CrashFinding(
                "as of commit \(commit) reads \(Self.summary(shown)), was \(Self.summary(past)); "
                    + Self.difference(shown, past))
        }
    }

    /// The commits whose states are remembered.
    var pastCommits: [UInt64] { states.count == 1 ? states[0].model.states.keys.sorted() : [] }

    /// The store must show a possible state; the other states are then no longer possible.
    mutating func shown(_ source: some SampleSource, isFinal: Bool = true) throws {
        let shown = try Self.read(source)
        let possible = states.filter { $0.samples == shown }
        guard !possible.isEmpty else {
            throw CrashFinding(
                "reads \(Self.summary(shown)); possible: \(states.map { Self.summary($0.samples) }); "
                    + (states.first.map { Self.difference(shown, $0.samples) } ?? ""))
        }
        if isFinal { states = possible }
    }

    /// The number of samples that the possible states have.
    var counts: Set<UInt64> {
        Set(states.map { $0.model.samples.values.reduce(0) { $0 + UInt64($1.count) } })
    }

    static func read(_ source: some SampleSource) throws -> [SeriesKey: [Sample]] {
        var samples: [SeriesKey: [Sample]] = [:]
        for info in try source.series() { samples[info.key] = try source.samples(info.key, info.type) }
        return samples
    }

    private static func summary(_ samples: [SeriesKey: [Sample]]) -> String {
        samples.sorted { $0.key < $1.key }.map { "\($0.key.device): \($0.value.count)" }.joined(
            separator: ", ")
    }

    private static func difference(
        _ shown: [SeriesKey: [Sample]], _ expected: [SeriesKey: [Sample]]
    ) -> String {
        for key in Set(shown.keys).union(expected.keys).sorted() {
            let (left, right) = (shown[key] ?? [], expected[key] ?? [])
            if left == right { continue }
            let more = left.filter { !right.contains($0) }.prefix(3)
            let less = right.filter { !left.contains($0) }.prefix(3)
            return "\(key.device): too many \(Array(more)), missing \(Array(less))"
        }
        return ""
    }
}
