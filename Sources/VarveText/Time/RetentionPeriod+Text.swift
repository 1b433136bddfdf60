// RetentionPeriod+Text.swift — reads and writes how long samples are kept, as a whole number and a unit.
//
// Invariants:
// - `seconds` reads back what `text` writes.

public import VarveModel

extension RetentionPeriod {
    private static let units: [DurationText.Unit] = [
        ("y", 31_536_000), ("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]
    private static let longest: Int64 = 500 * 31_536_000

    /// Reads a whole number and a unit, `90s`, `15m`, `12h`, `30d`, `8w` or `2y` (of 365 days); nil for anything else.
    ///
    /// - Returns: Seconds, from 0 to 500 years.
    public static func seconds(_ text: String) -> Int64? {
        DurationText.length(text, units: units).flatMap { $0 > longest ? nil : $0 }
    }

    /// The text that `seconds` reads, in the largest unit that divides the number; weeks are written as days.
    public static func text(_ seconds: Int64) -> String {
        let unit = units.first { $0.name != "w" && seconds % $0.length == 0 }
        guard seconds > 0, let unit else { return "\(seconds)s" }
        return "\(seconds / unit.length)\(unit.name)"
    }
}
