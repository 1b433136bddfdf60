// HoldDuration.swift — the text of `--hold`.

import VarveModel
import VarveText

/// How long a value holds at most.
package enum HoldDuration {
    /// Reads a whole number and a unit, as for `--every`: `90s`, `15m`, `2h`, `1d`; at least 1 ms.
    ///
    /// - Returns: The length in nanoseconds.
    package static func parse(_ text: String) throws(AggregationFailure) -> Int64 {
        guard let length = DurationText.length(text, units: BucketWidth.units) else {
            throw AggregationFailure(
                description: "--hold: \"\(text)\" is not a duration; write for example 90s, 15m, 2h or 1d")
        }
        guard length > 0 else {
            throw AggregationFailure(description: "--hold: \"\(text)\" is no time at all; at least 1ms")
        }
        guard length < .max else {
            throw AggregationFailure(
                description: "--hold: \"\(text)\" is too long; without --hold a value holds to the next one")
        }
        return length
    }
}
