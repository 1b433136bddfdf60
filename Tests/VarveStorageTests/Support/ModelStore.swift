// ModelStore.swift — the oracle: the expected answers of a store, kept in dictionaries.
//
// It follows promise G2 on VarveStorage's page Guarantees alone, and uses no code of the engine.

import VarveModel

struct ModelStore {
    private(set) var samples: [SeriesKey: [Int64: Sample]] = [:]
    private var committed: Set<[SeriesKey: [Sample]]> = []
    /// What the store showed after some commits, without samples deleted since.
    private(set) var states: [UInt64: [SeriesKey: [Int64: Sample]]] = [:]

    /// Applies a message and says what its rows did.
    mutating func apply(_ batch: [(key: SeriesKey, policy: DuplicatePolicy, rows: [Sample])]) -> Receipt {
        var receipt = Receipt()
        let content = Dictionary(uniqueKeysWithValues: batch.map { ($0.key, $0.rows) })
        for row in batch.flatMap(\.rows) { receipt.include(row.time) }
        guard committed.insert(content).inserted else {
            receipt.replayed = UInt64(batch.reduce(0) { $0 + $1.rows.count })
            return receipt
        }
        for (key, policy, rows) in batch {
            for row in rows {
                if policy == .every {
                    unite(row, key, &receipt)
                    continue
                }
                guard let current = samples[key]?[row.time.nanoseconds] else {
                    samples[key, default: [:]][row.time.nanoseconds] = row
                    receipt.accepted += 1
                    continue
                }
                if current == row {
                    receipt.identical += 1
                } else if policy == .last {
                    samples[key]?[row.time.nanoseconds] = row
                    receipt.corrected += 1
                } else {
                    receipt.superseded += 1
                }
            }
        }
        return receipt
    }

    /// Adds the occurrences of a row; no occurrence has a comma inside.
    private mutating func unite(_ row: Sample, _ key: SeriesKey, _ receipt: inout Receipt) {
        func elements(_ sample: Sample?) -> Set<String> {
            guard case .json(let text)? = sample?.value else { return [] }
            return Set(text.dropFirst().dropLast().split(separator: ",").map(String.init))
        }
        let before = elements(samples[key]?[row.time.nanoseconds])
        let after = before.union(elements(row))
        if after == before {
            receipt.identical += 1
            return
        }
        receipt.accepted += 1
        let sorted = after.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        samples[key, default: [:]][row.time.nanoseconds] = Sample(
            time: row.time, value: .json("[" + sorted.joined(separator: ",") + "]"))
    }

    /// Deletes samples; earlier messages with times in the range are no longer replays.
    ///
    /// - Returns: The samples deleted, by series.
    mutating func delete(_ keys: Set<SeriesKey>, in range: TimeRange) -> [SeriesKey: Int] {
        var deleted: [SeriesKey: Int] = [:]
        for key in keys {
            let gone = read(key, in: range).map(\.time.nanoseconds)
            if gone.isEmpty { continue }
            deleted[key] = gone.count
            for time in gone { samples[key]?[time] = nil }
            // Only a series that shows something there gets a tombstone.
            forget([key]) { range.contains(Timestamp(nanoseconds: $0)) }
        }
        committed = committed.filter { content in
            !deleted.keys.contains { Self.reaches(content[$0] ?? [], range) }
        }
        return deleted
    }

    /// Whether the span of some rows has a time in the range.
    static func reaches(_ rows: [Sample], _ range: TimeRange) -> Bool {
        guard let first = rows.map(\.time).min(), let last = rows.map(\.time).max() else { return false }
        return range.from <= last && (range.to.map { first < $0 } ?? true)
    }

    /// Gives series another type; their earlier messages are no longer replays, and no earlier state is kept.
    ///
    /// - Parameter convert: The converted sample; nil if it is deleted.
    /// - Returns: The number of deleted samples.
    mutating func retype(_ keys: Set<SeriesKey>, _ convert: (Sample) -> Sample?) -> Int {
        var gone = 0
        for key in keys {
            guard let before = samples[key] else { continue }
            let after = before.compactMapValues(convert)
            gone += before.count - after.count
            samples[key] = after
        }
        committed = committed.filter { content in !keys.contains { content[$0] != nil } }
        if !keys.isEmpty { states = [:] }
        return gone
    }

    /// Removes samples before a time; earlier messages are still replays.
    ///
    /// - Returns: The number of removed samples.
    mutating func expire(_ keys: Set<SeriesKey>, before time: Timestamp) -> Int {
        var gone = 0
        for key in keys {
            let old = (samples[key] ?? [:]).keys.filter { $0 < time.nanoseconds }
            gone += old.count
            for old in old { samples[key]?[old] = nil }
        }
        forget(keys) { $0 < time.nanoseconds }
        return gone
    }

    /// Remembers what the store shows after a commit.
    ///
    /// Notes of later commits are dropped, as those commits were lost and their numbers are given out again.
    mutating func note(_ commit: UInt64) {
        states = states.filter { $0.key < commit }
        states[commit] = samples
    }

    /// Removes deleted samples from all states.
    private mutating func forget(_ keys: Set<SeriesKey>, where isGone: (Int64) -> Bool) {
        for commit in states.keys {
            for key in keys {
                for time in (states[commit]?[key] ?? [:]).keys where isGone(time) {
                    states[commit]?[key]?[time] = nil
                }
            }
        }
    }

    func read(_ key: SeriesKey, in range: TimeRange = .all) -> [Sample] {
        (samples[key] ?? [:]).values.filter { range.contains($0.time) }.sorted { $0.time < $1.time }
    }
}
