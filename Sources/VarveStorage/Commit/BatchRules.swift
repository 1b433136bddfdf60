// BatchRules.swift — what a batch must be before it may touch the store.
//
// A batch that breaks a rule would be acknowledged and then not be readable: the decoders check the same things.
//
// Invariants:
// - Pure; a batch that passes can be encoded, and what was encoded can be decoded.

package import VarveModel

package enum BatchRules {
    /// Checks a batch.
    ///
    /// - Throws: `StorageError.invalidBatch` or `StorageError.typeConflict`.
    package static func check(_ batch: SampleBatch, storedType: (SeriesKey) -> ValueType?) throws {
        var keys = Set<SeriesKey>()
        var rows = 0
        for series in batch.series {
            rows += series.columns.count
            try check(series)
            guard keys.insert(series.key).inserted else {
                throw StorageError.invalidBatch(
                    "point \(series.key.point) of \(series.key.device) comes twice")
            }
            if let stored = storedType(series.key), stored != series.type {
                throw StorageError.typeConflict(key: series.key, stored: stored, offered: series.type)
            }
        }
        guard rows <= Limits.batchRows else {
            throw StorageError.invalidBatch("\(rows) rows are more than \(Limits.batchRows)")
        }
    }

    private static func check(_ series: SeriesRows) throws {
        for name in [series.key.product, series.key.device, series.key.point] {
            guard !name.isEmpty, name.utf8.count <= SeriesKey.maximumNameBytes else {
                throw StorageError.invalidBatch(
                    "a name is empty or over \(SeriesKey.maximumNameBytes) bytes")
            }
        }
        let columns = series.columns
        guard columns.values.count == columns.count, columns.states.count == columns.count else {
            throw StorageError.invalidBatch("columns of different lengths for point \(series.key.point)")
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

    private static func check(_ text: TextColumn, _ key: SeriesKey) throws {
        var start = 0
        for end in text.ends {
            guard end >= start, end <= text.bytes.count else {
                throw StorageError.invalidBatch("texts of impossible lengths for point \(key.point)")
            }
            guard end - start <= Limits.textBytes else {
                throw StorageError.invalidBatch(
                    "a text of \(end - start) bytes for point \(key.point) is over \(Limits.textBytes)")
            }
            start = end
        }
        guard start == text.bytes.count else {
            throw StorageError.invalidBatch("texts of impossible lengths for point \(key.point)")
        }
    }
}
