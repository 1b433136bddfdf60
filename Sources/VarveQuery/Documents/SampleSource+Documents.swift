// SampleSource+Documents.swift — events and attributes of devices, as people read them: one occurrence, one change.
//
// Invariants:
// - Memory does not grow with the range; it is bounded by the occurrences of one time.

public import VarveModel
import VarveText

extension SampleSource {
    /// Passes on each occurrence of an event: its time, in nanoseconds since 1970, and its content, as canonical JSON.
    ///
    /// Occurrences of one time come in the order of their contents' bytes, in both orders of time.
    ///
    /// - Parameters:
    ///   - event: The series of the event.
    ///   - range: The half-open range of times.
    ///   - order: Earliest or latest first.
    ///   - body: Returns false to stop.
    /// - Throws: What the source throws when it reads; what `body` throws.
    public func occurrences(
        of event: SeriesKey, in range: TimeRange, order: TimeOrder,
        _ body: (_ time: Int64, _ content: String) throws -> Bool
    ) throws {
        try values(of: event, in: range, order: order) { time, text in
            // A value that is no array is one content; only a store that was written otherwise has it.
            guard let contents = try? JSONElementSet(array: text) else {
                return try body(time, String(decoding: text, as: UTF8.self))
            }
            for content in contents.elements {
                guard try body(time, String(decoding: content, as: UTF8.self)) else { return false }
            }
            return true
        }
    }

    /// Passes on each change of an attribute: the time at which it got a value that differs from the one before.
    ///
    /// - Parameters:
    ///   - attribute: The series of the attribute.
    ///   - body: Gets the time, in nanoseconds since 1970, and the value, as canonical JSON; returns false to stop.
    /// - Throws: What the source throws when it reads; what `body` throws.
    public func changes(
        of attribute: SeriesKey, _ body: (_ time: Int64, _ value: String) throws -> Bool
    ) throws {
        var last: ArraySlice<UInt8>?
        try values(of: attribute, in: .all, order: .ascending) { time, text in
            if last == text { return true }
            last = text
            return try body(time, String(decoding: text, as: UTF8.self))
        }
    }

    /// The latest value of an attribute, as canonical JSON, with its time in nanoseconds since 1970; nil if it has none.
    ///
    /// - Throws: What the source throws when it reads.
    public func latestValue(of attribute: SeriesKey) throws -> (time: Int64, value: String)? {
        var found: (time: Int64, value: String)?
        try values(of: attribute, in: .all, order: .descending) { time, text in
            found = (time, String(decoding: text, as: UTF8.self))
            return false
        }
        return found
    }

    /// Passes on the texts of a series that are not missing.
    private func values(
        of key: SeriesKey, in range: TimeRange, order: TimeOrder,
        _ body: (_ time: Int64, _ text: ArraySlice<UInt8>) throws -> Bool
    ) throws {
        try read(key, in: range, order: order) { columns in
            guard case .text(let texts) = columns.values else { return true }
            for index in 0..<columns.count
            where SampleState(bits: columns.states[index])?.isMissing == false {
                guard try body(columns.times[index], texts.bytes[texts.range(index)]) else { return false }
            }
            return true
        }
    }
}
