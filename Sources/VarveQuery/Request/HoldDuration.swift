// HoldDuration.swift — how long a value holds at most, as a text.

import VarveModel
import VarveText

/// How long a value holds at most.
public enum HoldDuration {
    /// Reads a whole number and a unit, as of the width of a bucket: `90s`, `15m`, `2h`, `1d`; at least 1 ms.
    ///
    /// - Returns: The length in nanoseconds.
    /// - Throws: `notDuration`, `tooLong`, `tooShort`.
    public static func parse(_ text: String) throws(AggregationFailure) -> Int64 {
        guard let length = DurationText.length(text, units: BucketWidth.units) else {
            throw .notDuration(text)
        }
        guard length > 0 else { throw .tooShort(text) }
        guard length < .max else { throw .tooLong(text) }
        return length
    }
}
