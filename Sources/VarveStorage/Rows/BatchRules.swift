// BatchRules.swift — the rules that a batch must keep before the store takes it.
//
// The decoders check the same rules, so a batch that breaks one would be acknowledged and then be unreadable.
//
// Invariants:
// - A check changes nothing. A batch that passes can be encoded, and its bytes can be decoded.

import VarveModel
import VarveSegment

enum BatchRules {
    /// Checks a batch.
    ///
    /// - Parameters:
    ///   - batch: The batch.
    ///   - known: The id and type of each series in the store; nil for a new series.
    /// - Throws: `StorageError.invalidBatch` or `StorageError.typeConflict`.
    static func check(_ batch: SampleBatch, known: [SeriesDictionary.Known?]) throws {
        var newKeys = Set<SeriesKey>()
        var rows = 0
        for index in batch.series.indices {
            rows += batch.series[index].columns.count
            try check(batch.series[index])
            if let known = known[index] {
                let offered = batch.series[index].type
                guard known.type == offered else {
                    throw StorageError.typeConflict(
                        key: batch.series[index].key, stored: known.type, offered: offered)
                }
            } else {
                let key = batch.series[index].key
                guard newKeys.insert(key).inserted else { throw twice(key) }
            }
        }
        try checkIDs(batch, known)
        guard rows <= Limits.batchRows else {
            throw StorageError.invalidBatch("\(rows) rows are more than \(Limits.batchRows)")
        }
    }

    /// Checks that no stored series comes twice, by the ids, which are mostly in order.
    private static func checkIDs(_ batch: SampleBatch, _ known: [SeriesDictionary.Known?]) throws {
        var last: SeriesID?
        let isAscending = known.allSatisfy { series in
            guard let series else { return true }
            defer { last = series.id }
            return last.map { $0 < series.id } ?? true
        }
        if isAscending { return }
        var ids = Set<SeriesID>()
        for (series, known) in zip(batch.series, known) {
            guard let known else { continue }
            guard ids.insert(known.id).inserted else { throw twice(series.key) }
        }
    }

    private static func twice(_ key: SeriesKey) -> StorageError {
        .invalidBatch("point \(key.point) of \(key.device) comes twice")
    }

    private static func check(_ series: SeriesRows) throws {
        guard isName(series.key.product), isName(series.key.device), isName(series.key.point) else {
            throw StorageError.invalidBatch("a name is empty or over \(SeriesKey.maximumNameBytes) bytes")
        }
        let columns = series.columns
        guard columns.values.count == columns.count, columns.states.count == columns.count else {
            throw StorageError.invalidBatch("columns of different lengths for point \(series.key.point)")
        }
        if series.policy == .every {
            guard series.type == .json, columns.states.allSatisfy({ $0 == 0 }) else {
                throw StorageError.invalidBatch(
                    "event \(series.key.point) takes JSON arrays without a quality, and nothing else")
            }
        }
        guard columns.states.allSatisfy({ $0 == 0 || SampleState(bits: $0) != nil }) else {
            throw StorageError.invalidBatch("an impossible sample state for point \(series.key.point)")
        }
        switch columns.values {
        case .bits:
            guard !series.type.isText else {
                throw StorageError.invalidBatch("numbers for point \(series.key.point), which holds text")
            }
        case .text(let text):
            guard series.type.isText else {
                throw StorageError.invalidBatch("text for point \(series.key.point), which holds numbers")
            }
            try check(text, series.key)
        }
    }

    private static func isName(_ name: String) -> Bool {
        (1...SeriesKey.maximumNameBytes).contains(name.utf8.count)
    }

    private static func check(_ text: TextColumn, _ key: SeriesKey) throws {
        var start = 0
        for end in text.ends {
            guard end >= start, end <= text.bytes.count else {
                throw StorageError.invalidBatch("texts of impossible lengths for point \(key.point)")
            }
            guard end - start <= FormatLimits.textBytes else {
                throw StorageError.invalidBatch(
                    "a text of \(end - start) bytes for point \(key.point) is over \(FormatLimits.textBytes)")
            }
            start = end
        }
        guard start == text.bytes.count else {
            throw StorageError.invalidBatch("texts of impossible lengths for point \(key.point)")
        }
    }
}
