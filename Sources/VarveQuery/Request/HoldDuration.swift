// HoldDuration.swift — reads the limit of how long a value holds.

import VarveModel
import VarveText

/// The longest time that a value holds.
public enum HoldDuration {
    /// Reads a whole number and a unit, with the units of a bucket's width: `90s`, `15m`, `2h`, `1d`; at least 1 ms.
    ///
    /// - Returns: The length in nanoseconds.
    /// - Throws: `AggregationFailure.notDuration`, `tooLong` or `tooShort`.
    public static func parse(_ text: String) throws(AggregationFailure) -> Int64 {
        guard let length = DurationText.length(text, units: BucketWidth.units) else {
            throw .notDuration(text)
        }
        guard length > 0 else { throw .tooShort(text) }
        guard length < .max else { throw .tooLong(text) }
        return length
    }
}
