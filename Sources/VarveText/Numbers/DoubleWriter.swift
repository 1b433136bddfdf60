// DoubleWriter.swift — writes doubles as text, fast for the decimal numbers that measurements usually are.
//
// A double v that is m / 10^k for an integer m below 10^15 is the nearest double to that decimal. Decimals of up to 15
// digits are all different doubles. With the smallest such k the text is therefore the shortest one, and no other text
// has its length. The product v * 10^k is off by less than 0.25 in this range, so rounding it gives m. The division is
// correctly rounded, so it proves m.
//
// Invariants:
// - The text has the fewest digits that read back to the same bits; −0 is `-0`.

/// Writes doubles.
public struct DoubleWriter {
    /// The longest text.
    static let maximumBytes = 32

    /// The decimal places of the previous number; the next one mostly has as many.
    private var places = 0
    private var text: [UInt8] = []

    private static let maximumPlaces = 12
    private static let largest = 1e15
    nonisolated(unsafe) private static let powers: UnsafePointer<Double> = {
        let table = UnsafeMutablePointer<Double>.allocate(capacity: maximumPlaces + 1)
        var power = 1.0
        for index in 0...maximumPlaces {
            (table + index).initialize(to: power)
            power *= 10
        }
        return UnsafePointer(table)
    }()

    /// Makes a writer.
    public init() {}

    /// Writes a double; the output must have room for `maximumBytes`.
    ///
    /// A double that is not finite is `NaN`, `inf` or `-inf`; the payload of a NaN is not written.
    @inline(__always)
    mutating func write(_ value: Double, to output: inout TextBuffer) {
        let magnitude = value.magnitude
        // Below a thousandth the shortest text has an exponent, which this method does not write.
        guard magnitude >= 0.001, magnitude < Self.largest, let digits = digits(magnitude) else {
            return writeOther(value, to: &output)
        }
        if value < 0 { output.write(0x2D) }
        let power = UInt64(Self.powers[places])
        let (whole, fraction) = digits.quotientAndRemainder(dividingBy: power)
        Self.writeInteger(whole, to: &output)
        if places > 0 {
            output.write(0x2E)
            output.writeDigits(fraction, width: places)
        }
    }

    /// Appends a double to an array.
    ///
    /// A double that is not finite is `NaN`, `inf` or `-inf`; the payload of a NaN is not written.
    public mutating func append(_ value: Double, to bytes: inout [UInt8]) {
        if value.bitPattern == 0 { return bytes.append(0x30) }
        let magnitude = value.magnitude
        guard magnitude >= 0.001, magnitude < Self.largest, let digits = digits(magnitude) else {
            return Self.appendOther(value, to: &bytes)
        }
        if value < 0 { bytes.append(0x2D) }
        let (whole, fraction) = digits.quotientAndRemainder(dividingBy: UInt64(Self.powers[places]))
        ValueText.append(Int64(whole), to: &bytes)
        guard places > 0 else { return }
        bytes.append(0x2E)
        var power = UInt64(Self.powers[places &- 1])
        while power > 0 {
            bytes.append(UInt8(truncatingIfNeeded: 0x30 &+ fraction / power % 10))
            power /= 10
        }
    }

    /// Writes an integer; the output must have room for `maximumBytes`.
    @inline(__always)
    static func writeInteger(_ value: UInt64, to output: inout TextBuffer) {
        var width = 1
        var limit: UInt64 = 10
        while value >= limit, width < 19 {
            limit = limit &* 10
            width &+= 1
        }
        if value >= 10_000_000_000_000_000_000 { width = 20 }
        output.writeDigits(value, width: width)
    }

    /// The integer m of m / 10^places, with the smallest number of places; sets `places`.
    @inline(__always)
    private mutating func digits(_ magnitude: Double) -> UInt64? {
        let powers = Self.powers
        var count = places
        var found = Self.scaled(magnitude, powers[count])
        if found == nil {
            while found == nil, count < Self.maximumPlaces {
                count &+= 1
                found = Self.scaled(magnitude, powers[count])
            }
        } else {
            while count > 0, let shorter = Self.scaled(magnitude, powers[count &- 1]) {
                found = shorter
                count &-= 1
            }
        }
        if found != nil { places = count }
        return found
    }

    @inline(__always)
    private static func scaled(_ magnitude: Double, _ power: Double) -> UInt64? {
        let product = (magnitude * power).rounded(.toNearestOrEven)
        guard product < largest, product / power == magnitude else { return nil }
        return UInt64(product)
    }

    @inline(never)
    private mutating func writeOther(_ value: Double, to output: inout TextBuffer) {
        if value.bitPattern == 0 { return output.write(0x30) }
        text.removeAll(keepingCapacity: true)
        Self.appendOther(value, to: &text)
        output.write(text)
    }

    /// Appends any double with the standard library's digits; the fast method must give the same text.
    @inline(never)
    static func appendOther(_ value: Double, to bytes: inout [UInt8]) {
        guard value.isFinite else {
            bytes.append(contentsOf: (value.isNaN ? "NaN" : value < 0 ? "-inf" : "inf").utf8)
            return
        }
        var text = value.description
        text.withUTF8 { utf8 in
            // "1.5e-07" and "1e+16" lose their plus sign and leading zeros of the exponent; "-0.0" its ".0".
            guard let mark = utf8.firstIndex(of: 0x65) else {
                let isWhole = utf8.count >= 2 && utf8[utf8.count - 1] == 0x30 && utf8[utf8.count - 2] == 0x2E
                bytes.append(contentsOf: isWhole ? utf8[..<(utf8.count - 2)] : utf8[...])
                return
            }
            let mantissa = utf8[..<mark]
            let isWhole = mantissa.count >= 2 && mantissa[mark - 1] == 0x30 && mantissa[mark - 2] == 0x2E
            bytes.append(contentsOf: isWhole ? mantissa.dropLast(2) : mantissa)
            bytes.append(0x65)
            var index = mark + 1
            if index < utf8.count, utf8[index] == 0x2D { bytes.append(0x2D) }
            if index < utf8.count, utf8[index] == 0x2D || utf8[index] == 0x2B { index += 1 }
            while index < utf8.count - 1, utf8[index] == 0x30 { index += 1 }
            bytes.append(contentsOf: utf8[index...])
        }
    }
}
