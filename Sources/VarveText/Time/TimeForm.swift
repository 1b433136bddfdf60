// TimeForm.swift — the forms of times in rows of CSV and NDJSON.
//
// Invariants:
// - No digit is lost: writers first call `firstCut`, which returns a time that the form cannot hold.

public import VarveModel

/// The form in which times are written.
public enum TimeForm: Hashable, Sendable {
    /// RFC 3339 in UTC with `Z` and the shortest fraction that is exact.
    case shortest
    /// RFC 3339 in UTC with `Z` and a fraction of this many digits: 0, 3, 6 or 9.
    case digits(Int)
    /// Nanoseconds since 1970-01-01T00:00:00Z as an integer.
    case epochNanoseconds

    /// The nanoseconds of the last digit written.
    private var unit: Int64 {
        guard case .digits(let count) = self else { return 1 }
        var unit: Int64 = 1
        for _ in count..<9 { unit *= 10 }
        return unit
    }

    /// The first time that has more digits than the form; nil if the form holds all times.
    public func firstCut(_ times: some Sequence<Int64>) -> Timestamp? {
        let unit = unit
        guard unit > 1 else { return nil }
        return times.first { $0 % unit != 0 }.map { Timestamp(nanoseconds: $0) }
    }

    /// Writes a time, which the form must hold.
    public func append(_ time: Timestamp, to bytes: inout [UInt8]) {
        switch self {
        case .shortest: time.appendRFC3339(to: &bytes)
        case .epochNanoseconds: ValueText.append(time.nanoseconds, to: &bytes)
        case .digits(let count):
            let start = bytes.count
            time.appendRFC3339(to: &bytes)
            // The text has 20 bytes without a fraction, and 21 + n with a fraction of n digits.
            var written = max(bytes.count - start - 21, 0)
            guard written < count else { return }
            bytes.removeLast()
            if written == 0 { bytes.append(0x2E) }
            while written < count {
                bytes.append(0x30)
                written += 1
            }
            bytes.append(0x5A)
        }
    }
}
