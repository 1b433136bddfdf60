// MillisecondText.swift — the `time` of an item: milliseconds since 1970 UTC, with decimals down to a nanosecond.

import VarveModel

/// Reads times.
enum MillisecondText {
    /// The nanoseconds that a JSON number of milliseconds is, or nil if it is finer than a nanosecond or beyond Int64.
    static func nanoseconds(_ base: UnsafePointer<UInt8>, _ count: Int) -> Int64? {
        if count <= 15, let value = plain(base, count) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 1_000_000)
            return overflow ? nil : product
        }
        guard var parts = NumberText.parts(base, count), !parts.isCut else { return nil }
        parts.exponent += 6
        if parts.digits == 0 { return 0 }
        while parts.exponent < 0 {
            let (quotient, remainder) = parts.digits.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { return nil }
            parts.digits = quotient
            parts.exponent += 1
        }
        while parts.exponent > 0 {
            let (product, overflow) = parts.digits.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            parts.digits = product
            parts.exponent -= 1
        }
        if parts.isNegative {
            return parts.digits <= UInt64(1) << 63 ? Int64(truncatingIfNeeded: 0 &- parts.digits) : nil
        }
        return Int64(exactly: parts.digits)
    }

    private static func plain(_ base: UnsafePointer<UInt8>, _ count: Int) -> Int64? {
        var value: Int64 = 0
        for index in 0..<count {
            let digit = base[index] &- 0x30
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int64(digit)
        }
        return count > 0 ? value : nil
    }
}
