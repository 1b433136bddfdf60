// DoubleWriter.swift — doubles as text, fast for the decimal numbers that measurements are.
//
// A double that is m / 10^k for an integer m below 10^15 is the nearest double to that decimal, and numbers of
// up to 15 digits all have doubles of their own; so with the smallest such k the text is the shortest one, and
// there is no other of its length. The product v * 10^k is off by less than 0.25 in this range, so rounding it
// finds m, and the division, being correctly rounded, proves it.
//
// Invariants:
// - The text is that of `ValueText.append`.

import VarveModel
import VarveText

/// Writes doubles.
struct DoubleWriter {
    /// The longest text.
    static let maximumBytes = 32

    /// The decimal places of the number before; the next one mostly has as many.
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

    /// Writes a double; room for `maximumBytes` is there.
    @inline(__always)
    mutating func write(_ value: Double, to output: inout OutputText) {
        let magnitude = value.magnitude
        // Below a thousandth the shortest text has an exponent, which is not for this way.
        guard magnitude >= 0.001, magnitude < Self.largest, let digits = digits(magnitude) else {
            return writeOther(value, to: &output)
        }
        if value < 0 { output.write(0x2D) }
        let power = UInt64(Self.powers[places])
        let (whole, fraction) = digits.quotientAndRemainder(dividingBy: power)
        writeInteger(whole, to: &output)
        if places > 0 {
            output.write(0x2E)
            output.writeDigits(fraction, width: places)
        }
    }

    /// Appends a double to an array.
    mutating func append(_ value: Double, to bytes: inout [UInt8]) {
        let magnitude = value.magnitude
        guard magnitude >= 0.001, magnitude < Self.largest, let digits = digits(magnitude) else {
            return ValueText.append(value, to: &bytes)
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

    /// Writes an integer; room for `maximumBytes` is there.
    @inline(__always)
    func writeInteger(_ value: UInt64, to output: inout OutputText) {
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
    private mutating func writeOther(_ value: Double, to output: inout OutputText) {
        text.removeAll(keepingCapacity: true)
        ValueText.append(value, to: &text)
        output.write(text)
    }
}
