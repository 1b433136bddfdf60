// NumberText.swift — reads numbers from text, exactly, and fast for the numbers that data files have.
//
// Invariants:
// - A double is the one nearest to the decimal text (ties to even), as `Double(String)` gives it.
// - Accepted are `[+-]digits[.digits][e[+-]digits]` with a digit on at least one side of the point, and
//   `nan`, `inf`, `infinity` in any case with an optional sign; nothing else, so no hexadecimal form.
// - No text traps, whatever its length.

/// The kind of number that a text is.
public enum NumberClass: UInt8, Sendable {
    /// An integer of at most 2^53: exact as a double.
    case integer
    /// A larger integer that Int64 holds.
    case bigInteger
    /// An integer beyond Int64.
    case hugeInteger
    /// A number with a point or an exponent, NaN or an infinity.
    case decimal
    /// Not a number.
    case text
}

/// The parts of a decimal number.
struct DecimalParts {
    var isNegative = false
    /// The first 19 significant digits, or all if there are fewer.
    var digits: UInt64 = 0
    /// The power of ten that `digits` is multiplied by.
    var exponent = 0
    /// Whether significant digits beyond the nineteenth were left out.
    var isCut = false
    /// Whether the text has a point or an exponent.
    var isDecimal = false
}

/// Reads numbers from bytes.
///
/// Public only so that other modules can inline `double`; not for use outside Varve.
public enum NumberText {
    /// 10^0 to 10^22: the powers of ten that a double holds exactly.
    ///
    /// The compiler turns the cases into a constant table, so a loop reads it without checking for initialization.
    @inlinable @inline(__always)
    static func power(_ exponent: Int) -> Double {
        switch exponent {
        case 0: 1e0
        case 1: 1e1
        case 2: 1e2
        case 3: 1e3
        case 4: 1e4
        case 5: 1e5
        case 6: 1e6
        case 7: 1e7
        case 8: 1e8
        case 9: 1e9
        case 10: 1e10
        case 11: 1e11
        case 12: 1e12
        case 13: 1e13
        case 14: 1e14
        case 15: 1e15
        case 16: 1e16
        case 17: 1e17
        case 18: 1e18
        case 19: 1e19
        case 20: 1e20
        case 21: 1e21
        default: 1e22
        }
    }

    /// The double nearest to the text; nil if the text is not a number or is beyond the range of doubles.
    @inlinable @inline(__always)
    public static func double(_ base: UnsafePointer<UInt8>, _ count: Int) -> Double? {
        // The common case in one loop: up to 18 digits with at most one point.
        var index = 0
        var isNegative = false
        if count > 0, base[0] == 0x2D {
            isNegative = true
            index = 1
        }
        let first = index
        var mantissa: UInt64 = 0
        var point = -1
        while index < count {
            let digit = base[index] &- 0x30
            if digit < 10 {
                mantissa = mantissa &* 10 &+ UInt64(digit)
            } else if base[index] == 0x2E, point < 0 {
                point = index
            } else {
                break
            }
            index &+= 1
        }
        let digits = index &- first &- (point < 0 ? 0 : 1)
        if index == count, digits > 0, digits <= 18, mantissa <= 1 << 53 {
            var value = Double(mantissa)
            if point >= 0 { value /= power(count &- 1 &- point) }
            return isNegative ? -value : value
        }
        return slowDouble(base, count)
    }

    @usableFromInline @inline(never)
    static func slowDouble(_ base: UnsafePointer<UInt8>, _ count: Int) -> Double? {
        guard let parts = parts(base, count) else { return special(base, count) }
        if !parts.isCut, parts.digits <= 1 << 53, abs(parts.exponent) <= 22 {
            let whole = Double(parts.digits)
            let power = power(abs(parts.exponent))
            let value = parts.exponent < 0 ? whole / power : whole * power
            return parts.isNegative ? -value : value
        }
        let text = String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self)
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// The integer of the text, also in the forms `5.0` and `1e3`; nil if it is not whole or is beyond Int64.
    ///
    /// - Parameter scale: The power of ten that the number is multiplied by first: with 6, `1.5` is 1,500,000.
    public static func int64(_ base: UnsafePointer<UInt8>, _ count: Int, scale: Int = 0) -> Int64? {
        guard let parts = parts(base, count) else { return nil }
        var magnitude = parts.digits
        var exponent = parts.exponent + scale
        // More than 19 significant digits, the last not zero: the number is not whole, or above 10^19.
        if parts.isCut { return nil }
        if magnitude == 0 { return 0 }
        while exponent < 0 {
            let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { return nil }
            magnitude = quotient
            exponent += 1
        }
        while exponent > 0 {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            magnitude = product
            exponent -= 1
        }
        if parts.isNegative {
            return magnitude <= UInt64(1) << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        }
        return Int64(exactly: magnitude)
    }

    /// The kind of number that the text is.
    public static func classify(_ base: UnsafePointer<UInt8>, _ count: Int) -> NumberClass {
        // Up to 15 digits with an optional sign and point need no conversion.
        var index = count > 0 && base[0] == 0x2D ? 1 : 0
        let first = index
        while index < count, base[index] &- 0x30 < 10 { index &+= 1 }
        if index == count, index > first, index &- first <= 15 { return .integer }
        if index < count, base[index] == 0x2E {
            var next = index &+ 1
            while next < count, base[next] &- 0x30 < 10 { next &+= 1 }
            if next == count, count &- first >= 2 { return .decimal }
        }
        guard let parts = parts(base, count) else {
            return special(base, count) == nil ? .text : .decimal
        }
        if parts.isDecimal { return double(base, count) == nil ? .text : .decimal }
        guard let value = int64(base, count) else { return .hugeInteger }
        return value.magnitude <= 1 << 53 ? .integer : .bigInteger
    }

    /// Splits a decimal number into its parts; nil if the text has another form.
    static func parts(_ base: UnsafePointer<UInt8>, _ count: Int) -> DecimalParts? {
        var parts = DecimalParts()
        var index = 0
        if index < count, base[index] == 0x2D || base[index] == 0x2B {
            parts.isNegative = base[index] == 0x2D
            index += 1
        }
        var seen = 0
        var significant = 0
        var isFraction = false
        while index < count {
            let byte = base[index]
            if byte == 0x2E, !isFraction {
                isFraction = true
                parts.isDecimal = true
                index += 1
                continue
            }
            let digit = byte &- 0x30
            guard digit < 10 else { break }
            seen += 1
            if significant > 0 || digit != 0 { significant += 1 }
            if significant <= 19 {
                parts.digits = parts.digits &* 10 &+ UInt64(digit)
                if isFraction { parts.exponent -= 1 }
            } else {
                if digit != 0 { parts.isCut = true }
                if !isFraction { parts.exponent += 1 }
            }
            index += 1
        }
        guard seen > 0 else { return nil }
        if index == count { return parts }
        guard base[index] | 0x20 == 0x65, let power = exponent(base + index + 1, count - index - 1) else {
            return nil
        }
        parts.isDecimal = true
        parts.exponent += power
        return parts
    }

    /// The value of a written exponent; a huge one counts as a million, which is also out of range.
    private static func exponent(_ base: UnsafePointer<UInt8>, _ count: Int) -> Int? {
        var index = 0
        var isNegative = false
        if count > 0, base[0] == 0x2D || base[0] == 0x2B {
            isNegative = base[0] == 0x2D
            index = 1
        }
        guard index < count else { return nil }
        var value = 0
        while index < count {
            let digit = base[index] &- 0x30
            guard digit < 10 else { return nil }
            value = min(value * 10 + Int(digit), 1_000_000)
            index += 1
        }
        return isNegative ? -value : value
    }

    /// The value of `nan`, `inf` or `infinity` in any case; nil for other texts.
    private static func special(_ base: UnsafePointer<UInt8>, _ count: Int) -> Double? {
        var start = 0
        var isNegative = false
        if count > 0, base[0] == 0x2D || base[0] == 0x2B {
            isNegative = base[0] == 0x2D
            start = 1
        }
        let length = count - start
        guard length == 3 || length == 8 else { return nil }
        if equals(base + start, length, "nan") { return isNegative ? -Double.nan : Double.nan }
        if equals(base + start, length, "inf") || equals(base + start, length, "infinity") {
            return isNegative ? -Double.infinity : Double.infinity
        }
        return nil
    }

    /// Whether the bytes are `word` in any case; `word` is lower-case ASCII letters.
    @inlinable
    public static func equals(_ base: UnsafePointer<UInt8>, _ count: Int, _ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        let letters = word.utf8Start
        for index in 0..<count where base[index] | 0x20 != letters[index] { return false }
        return true
    }
}
