// TextCursor.swift — numbers and times as text, written through a pointer.
//
// The loops over millions of rows write here; the texts are those of ValueText and TimeForm.
//
// Invariants:
// - Nothing here checks for room: the caller has it for `maximumBytes` of every field it writes, and a few
//   bytes after the last one.

import VarveModel
import VarveText

/// A place in memory where text is written.
struct TextCursor {
    /// More than a time, a number or a word takes, with the slack that wide stores need.
    static let maximumBytes = 40

    /// Where the next byte goes.
    var next: UnsafeMutablePointer<UInt8>

    mutating func byte(_ byte: UInt8) {
        next.pointee = byte
        next += 1
    }

    mutating func copy(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let base = bytes.baseAddress else { return }
        next.update(from: base, count: bytes.count)
        next += bytes.count
    }

    mutating func copy(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { copy($0) }
    }

    /// Writes an integer in decimal.
    mutating func integer(_ value: Int64) {
        if value < 0 { byte(0x2D) }
        unsigned(value.magnitude)
    }

    private mutating func unsigned(_ value: UInt64) {
        var width = 1
        var power: UInt64 = 10
        while width < 19, value >= power {
            power &*= 10
            width += 1
        }
        if width == 19, value >= power { width = 20 }
        padded(value, width: width)
    }

    /// Writes exactly `width` digits.
    mutating func padded(_ value: UInt64, width: Int) {
        var rest = value
        var index = width
        while index > 0 {
            index &-= 1
            let quotient = rest / 10
            next[index] = UInt8(truncatingIfNeeded: 0x30 &+ rest &- quotient &* 10)
            rest = quotient
        }
        next += width
    }

    /// Writes a finite double with the fewest digits that read back to the same bits.
    ///
    /// - Parameter scratch: Memory for the rare long way.
    mutating func finite(_ value: Double, _ scratch: inout [UInt8]) {
        let size = value.magnitude
        if size >= 1e-3, size < 1e15 {
            // A decimal of at most 15 digits that divides to the same bits is the shortest text there is:
            // no two such decimals share a double.
            var scale = 1.0
            for digits in 0...6 {
                let scaled = size * scale + 0.5
                guard scaled < 1e15 else { break }
                let whole = UInt64(scaled)
                if Double(whole) / scale == size {
                    if value < 0 { byte(0x2D) }
                    return decimal(whole, scale: UInt64(scale), digits: digits)
                }
                scale *= 10
            }
        }
        scratch.removeAll(keepingCapacity: true)
        ValueText.append(value, to: &scratch)
        copy(scratch)
    }

    private mutating func decimal(_ value: UInt64, scale: UInt64, digits: Int) {
        guard digits > 0 else { return unsigned(value) }
        let whole = value / scale
        unsigned(whole)
        byte(0x2E)
        padded(value &- whole &* scale, width: digits)
    }

    /// Writes a time in a form, which must hold it.
    mutating func time(_ nanoseconds: Int64, _ date: inout DateText, _ form: TimeForm = .shortest) {
        switch form {
        case .shortest: time(nanoseconds, &date, digits: nil)
        case .digits(let count): time(nanoseconds, &date, digits: count)
        case .epochNanoseconds: integer(nanoseconds)
        }
    }

    private mutating func time(_ nanoseconds: Int64, _ date: inout DateText, digits: Int?) {
        let second: Int64 = 1_000_000_000
        var seconds = nanoseconds / second
        var fraction = nanoseconds &- seconds &* second
        if fraction < 0 {
            fraction &+= second
            seconds &-= 1
        }
        var day = seconds / 86_400
        var ofDay = seconds &- day &* 86_400
        if ofDay < 0 {
            ofDay &+= 86_400
            day &-= 1
        }
        date.select(day: day, nanoseconds: nanoseconds)
        let raw = UnsafeMutableRawPointer(next)
        raw.storeBytes(of: date.yearAndMonth, as: UInt64.self)
        raw.storeBytes(of: date.dayAndMark, toByteOffset: 8, as: UInt32.self)
        next += 11
        let minutes = ofDay / 60
        twoDigits(minutes / 60)
        byte(0x3A)
        twoDigits(minutes % 60)
        byte(0x3A)
        twoDigits(ofDay &- minutes &* 60)
        if let digits {
            for _ in digits..<9 { fraction /= 10 }
            if digits > 0 {
                byte(0x2E)
                padded(UInt64(fraction), width: digits)
            }
        } else if fraction != 0 {
            var width = 9
            if fraction % 1_000_000 == 0 {
                fraction /= 1_000_000
                width = 3
            }
            while fraction % 10 == 0 {
                fraction /= 10
                width -= 1
            }
            byte(0x2E)
            padded(UInt64(fraction), width: width)
        }
        byte(0x5A)
    }

    private mutating func twoDigits(_ value: Int64) {
        let tens = value / 10
        next[0] = UInt8(truncatingIfNeeded: 0x30 &+ tens)
        next[1] = UInt8(truncatingIfNeeded: 0x30 &+ value &- tens &* 10)
        next += 2
    }
}

/// The text of a date, kept because the next time is almost always on the same day.
struct DateText {
    private var day: Int64 = .min
    /// The eight bytes `YYYY-MM-`.
    fileprivate var yearAndMonth: UInt64 = 0
    /// The three bytes `DDT` and one that the next field overwrites.
    fileprivate var dayAndMark: UInt32 = 0

    fileprivate mutating func select(day wanted: Int64, nanoseconds: Int64) {
        guard wanted != day else { return }
        day = wanted
        var bytes: [UInt8] = []
        Timestamp(nanoseconds: nanoseconds).appendRFC3339(to: &bytes)
        bytes.withUnsafeBytes { bytes in
            yearAndMonth = bytes.loadUnaligned(as: UInt64.self)
            dayAndMark = bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
        }
    }
}
