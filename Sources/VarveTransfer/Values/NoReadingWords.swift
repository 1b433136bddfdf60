// NoReadingWords.swift — words that loggers and historians write when there is no reading.
//
// The list only decides whether a word counts when the type of a new point is chosen. A word is a missing reading only
// if the caller declares it (see MissingReadings).
//
// Invariants:
// - Words are compared without regard to case and to blanks around them.

import VarveModel
import VarveText

/// The known words.
enum NoReadingWords {
    /// The words, in lower case.
    static let all = [
        // Databases, spreadsheets and data frames.
        "na", "n/a", "n.a.", "n. a.", "#n/a", "#n/a n/a", "<na>", "nat", "null", "none", "nil", "undefined",
        "#null!", "#value!", "#div/0!", "#ref!", "#num!", "#name?",
        // C runtimes.
        "1.#qnan", "-1.#qnan", "1.#snan", "-1.#snan", "1.#ind", "-1.#ind", "1.#nan",
        // Signs for "nothing".
        "-", "--", "---", "----", "?", "??", "???", "*", "**", "***", ".", "..", "...", "#", "_",
        // Historians.
        "no data", "nodata", "no_data", "no value", "no sample", "no reading", "not available",
        "not connected",
        "bad", "bad input", "bad data", "bad quality", "bad value", "bad total", "i/o timeout", "io timeout",
        "timeout", "comm fail", "comm failure", "pt created", "calc failed", "calc off", "scan off",
        "scan timeout",
        "arc off-line", "arc offline", "intf shut", "out of serv", "out of service", "over range",
        "overrange",
        "under range", "underrange", "over-range", "under-range", "not configured", "configure", "no result",
        "no alarm data", "invalid", "invalid data", "invalid float", "questionable", "missing", "mv", "error",
        "err",
        "failed", "fail", "offline", "off-line",
        // Home automation.
        "unavailable", "unknown",
    ]

    /// The words by their bytes.
    private static let known = Set(all.map { Array($0.utf8) })
    private static let longest = all.map(\.utf8.count).max() ?? 0

    /// Whether a text is one of the words.
    static func contains(_ field: Field) -> Bool {
        var bytes = UnsafeBufferPointer(start: field.base, count: field.count)[...]
        while bytes.first == 0x20 || bytes.first == 0x09 { bytes.removeFirst() }
        while bytes.last == 0x20 || bytes.last == 0x09 { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.count <= longest else { return false }
        return known.contains(bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 })
    }
}
