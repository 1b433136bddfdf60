// OccurrenceUnion.swift — what rows of an event do: the occurrences of a time are united, none replaces another.
//
// A value is a JSON array of occurrences. A row whose occurrences are all stored is identical. Any other row is accepted,
// and the stored value becomes the union, sorted by the bytes of its elements. WAL, segments, merges and states of the
// past see only the union, as a value like any other that takes the place of an older one.
//
// Invariants:
// - The order in which rows arrive changes no stored value.
// - The counts add up to the rows.

import VarveModel
import VarveSegment
import VarveText

struct OccurrenceUnion {
    private(set) var accepted: UInt64 = 0
    private(set) var identical: UInt64 = 0
    /// Accepted rows at times that have a sample already, be it from an earlier row.
    private(set) var joined: UInt64 = 0
    /// The samples to store, in time order, with each time once.
    private(set) var stored = SampleColumns(type: .json)
    private var texts = TextColumn()
    private let key: SeriesKey

    /// Decides about the rows of one event.
    ///
    /// - Parameters:
    ///   - known: The samples that the store shows at the times of the rows.
    ///   - columns: The rows in arrival order.
    ///   - key: The series.
    /// - Throws: `StorageError.invalidBatch` if a value is not an array of at least one element, or if a union would be
    ///   longer than the limits.
    init(_ known: KnownSamples, _ columns: SampleColumns, of key: SeriesKey) throws {
        self.key = key
        try known.forEachTime { positions, existing in try unite(positions, columns, existing) }
        stored.values = .text(texts)
    }

    private mutating func unite(
        _ positions: some Sequence<Int>, _ columns: SampleColumns, _ existing: (run: SampleRun, index: Int)?
    ) throws {
        var set = JSONElementSet()
        if let existing { try add(existing, to: &set) }
        var new: UInt64 = 0
        var time: Int64 = 0
        for position in positions {
            time = columns.times[position]
            if set.add(try occurrences(columns, position)) > 0 { new += 1 } else { identical += 1 }
            guard set.byteCount <= Limits.occurrenceBytes else {
                throw refused("the occurrences of one time would be over \(Limits.occurrenceBytes) bytes")
            }
        }
        guard new > 0 else { return }
        accepted += new
        joined += existing == nil ? new - 1 : new
        stored.times.append(time)
        stored.states.append(0)
        set.append(to: &texts.bytes)
        texts.ends.append(texts.bytes.count)
        guard texts.bytes.count <= Limits.unitedBytes else {
            throw refused(
                "one batch would write over \(Limits.unitedBytes) bytes of occurrences: send smaller batches")
        }
    }

    /// The occurrences of a row.
    private func occurrences(_ columns: SampleColumns, _ position: Int) throws -> JSONElementSet {
        guard case .text(let text) = columns.values else { throw refused("its values are not text") }
        let set: JSONElementSet?
        do throws(JSONFailure) {
            set = try JSONElementSet(array: text.bytes[text.range(position)])
        } catch {
            throw refused("a value \(error.description)")
        }
        guard let set, !set.elements.isEmpty else {
            throw refused("a value is not a JSON array of at least one occurrence")
        }
        return set
    }

    /// Adds what is stored; a value that is no array, which only another policy can have left, is one occurrence.
    private func add(_ existing: (run: SampleRun, index: Int), to set: inout JSONElementSet) throws {
        guard case .text(let text) = existing.run.values,
            SampleState(bits: existing.run.states[existing.index])?.isMissing == false
        else { return }
        let value = text.bytes[text.range(existing.index)]
        if let stored = try? JSONElementSet(array: value) {
            set.add(stored)
        } else {
            set.add(JSONElementSet(element: Array(value)))
        }
    }

    private func refused(_ reason: String) -> StorageError {
        .invalidBatch("event \(key.point) of device \(key.device): \(reason)")
    }
}
