// ItemReader+Times.swift — the time of an item: milliseconds, on the topics of devices also seconds.
//
// Invariants:
// - On a topic with one unit a number has one reading. On the others the size of the number decides, and the log says
//   that it was taken as seconds.

import VarveText

extension ItemReader {
    /// On topics that take both units, a smaller number is in seconds: 10^11 s are in the year 5138, 10^11 ms in 1973.
    private static let leastMilliseconds = 1e11

    /// The time of an item, in nanoseconds since 1970.
    ///
    /// - Throws: `RequestFailure`, or `JSONFailure` if it is not JSON.
    mutating func readTime(_ scanner: inout JSONScanner, _ item: Item) throws -> Int64 {
        let start = scanner.position
        try scanner.skipValue(depth: 3)
        let (base, count) = (scanner.base + start, scanner.position - start)
        let text = UnsafeBufferPointer(start: base, count: count)
        let unit = form.takesSeconds ? "milliseconds or seconds" : "milliseconds"
        guard text[0] == UInt8(ascii: "-") || text[0] &- UInt8(ascii: "0") < 10 else {
            let hint =
                text[0] == UInt8(ascii: "\"")
                ? ": send it without quotes, such as 1714550400000 for 2024-05-01T08:00:00Z" : ""
            throw RequestFailure(
                .malformed,
                "the time of \(item.place), \(Excerpt.of(text)), is not a number of \(unit)\(hint)")
        }
        if form.takesSeconds, let number = NumberText.double(base, count),
            abs(number) < Self.leastMilliseconds
        {
            guard let time = NumberText.int64(base, count, scale: 9) else {
                throw RequestFailure(
                    .malformed,
                    "the time of \(item.place), \(Excerpt.of(text)), is taken as seconds, as it is below 10^11, and "
                        + "is not within the years 1677 to 2262 with at most 9 decimals")
            }
            if number != 0 { notes.addSeconds() }
            return time
        }
        guard let time = NumberText.int64(base, count, scale: 6) else {
            throw RequestFailure(
                .malformed,
                "the time of \(item.place), \(Excerpt.of(text)), is not within the years 1677 to 2262 in "
                    + "milliseconds with at most 6 decimals")
        }
        return time
    }
}
