// TimeParser.swift — the time of a row, with the date and the offset of the row before remembered.
//
// Rows of a file mostly share their date and nearly always their offset, so the calendar is consulted once a
// day of data; every form that is not the common one goes to `Timestamp.parse`.
//
// Invariants:
// - The result is that of `Timestamp.parse`, or for an integer `value * unit`.

import VarveModel

/// Why a text is not a time.
enum TimeFailure {
    case text(Timestamp.ParseFailure)
    /// An integer without a known unit: it was not there in the survey, so the file changed in between.
    case unknownUnit

    /// The failure as half a sentence.
    var description: String {
        switch self {
        case .text(let failure): failure.description
        case .unknownUnit: "is an integer without a known unit; give --time-unit"
        }
    }
}

/// Reads times.
struct TimeParser {
    private let unit: TimeUnit?
    private let zone: any ZoneRules
    private var dateHead: UInt64 = 0
    private var dateTail: UInt16 = 0
    private var daySeconds: Int64 = 0
    private var hasDay = false
    /// Whether an integer time was read.
    private(set) var hasIntegers = false
    /// Whether a time written as a date was read.
    private(set) var hasDates = false
    private var offsetText: UInt64 = 0
    private var offsetSeconds: Int64 = 0

    init(unit: TimeUnit?, zone: any ZoneRules) {
        self.unit = unit
        self.zone = zone
    }

    /// Reads one time.
    ///
    /// - Returns: What is wrong with it, or nil after `nanoseconds` was set.
    @inline(__always)
    mutating func parse(
        _ base: UnsafePointer<UInt8>, _ count: Int, into nanoseconds: inout Int64
    ) -> TimeFailure? {
        if count >= 20, count <= 25, hasDay, parseCommon(base, count, into: &nanoseconds) { return nil }
        return parseOther(base, count, into: &nanoseconds)
    }

    /// `YYYY-MM-DDTHH:MM:SS` with the date of the row before, then `Z` or the offset of the row before.
    @inline(__always)
    private mutating func parseCommon(
        _ base: UnsafePointer<UInt8>, _ count: Int, into nanoseconds: inout Int64
    ) -> Bool {
        let raw = UnsafeRawPointer(base)
        guard raw.loadUnaligned(as: UInt64.self) == dateHead,
            raw.loadUnaligned(fromByteOffset: 8, as: UInt16.self) == dateTail,
            base[10] == 0x54 || base[10] == 0x20, base[13] == 0x3A, base[16] == 0x3A
        else { return false }
        let hour = Self.pair(base + 11)
        let minute = Self.pair(base + 14)
        let second = Self.pair(base + 17)
        guard hour < 24, minute < 60, second < 60 else { return false }
        var offset: Int64 = 0
        if count == 20 {
            guard base[19] == 0x5A else { return false }
        } else {
            guard count == 25, Self.offsetWord(raw) == offsetText else { return false }
            offset = offsetSeconds
        }
        let seconds = daySeconds &+ Int64(hour &* 3600 &+ minute &* 60 &+ second) &- offset
        let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return false }
        nanoseconds = value
        return true
    }

    @inline(never)
    private mutating func parseOther(
        _ base: UnsafePointer<UInt8>, _ count: Int, into nanoseconds: inout Int64
    ) -> TimeFailure? {
        switch TimeParser.integer(base, count) {
        case .value(let value):
            guard let unit else { return .unknownUnit }
            let (result, overflow) = value.multipliedReportingOverflow(by: unit.nanoseconds)
            if overflow { return .text(.outOfRange) }
            nanoseconds = result
            hasIntegers = true
            return nil
        case .tooLarge: return .text(.outOfRange)
        case .none: break
        }
        do throws(Timestamp.ParseFailure) {
            let text = UnsafeRawBufferPointer(start: base, count: count)
            nanoseconds = try Timestamp.parse(text, zone: zone).nanoseconds
        } catch {
            return .text(error)
        }
        hasDates = true
        remember(base, count)
        return nil
    }

    /// Keeps the date and the offset of a text that was found valid.
    private mutating func remember(_ base: UnsafePointer<UInt8>, _ count: Int) {
        guard count == 20 || count == 25 else { return }
        let raw = UnsafeRawPointer(base)
        dateHead = raw.loadUnaligned(as: UInt64.self)
        dateTail = raw.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        let year = Int(Self.pair(base)) * 100 + Int(Self.pair(base + 2))
        daySeconds =
            86_400
            * Timestamp.dayNumber(
                year: year, month: Int(Self.pair(base + 5)), day: Int(Self.pair(base + 8)))
        hasDay = true
        if count == 25, base[22] == 0x3A {
            offsetText = Self.offsetWord(raw)
            let seconds = Int64(Self.pair(base + 20)) * 3600 + Int64(Self.pair(base + 23)) * 60
            offsetSeconds = base[19] == 0x2D ? -seconds : seconds
        }
    }

    /// The six bytes of `±hh:mm` at position 19 as one number.
    @inline(__always)
    private static func offsetWord(_ raw: UnsafeRawPointer) -> UInt64 {
        UInt64(raw.loadUnaligned(fromByteOffset: 19, as: UInt32.self)) << 16
            | UInt64(raw.loadUnaligned(fromByteOffset: 23, as: UInt16.self))
    }

    /// Two digits as a number; at least 100 if they are not digits.
    @inline(__always)
    private static func pair(_ base: UnsafePointer<UInt8>) -> Int {
        let tens = base[0] &- 0x30
        let ones = base[1] &- 0x30
        return tens < 10 && ones < 10 ? Int(tens) &* 10 &+ Int(ones) : 100
    }

    /// What a text is as an integer.
    enum IntegerText {
        case none
        case value(Int64)
        case tooLarge
    }

    /// Reads an optional sign and digits, and nothing else.
    static func integer(_ base: UnsafePointer<UInt8>, _ count: Int) -> IntegerText {
        var index = 0
        var isNegative = false
        if count > 0, base[0] == 0x2D || base[0] == 0x2B {
            isNegative = base[0] == 0x2D
            index = 1
        }
        guard index < count else { return .none }
        var value: Int64 = 0
        var isTooLarge = false
        while index < count {
            let digit = base[index] &- 0x30
            guard digit < 10 else { return .none }
            let (product, first) = value.multipliedReportingOverflow(by: 10)
            let step = isNegative ? -Int64(digit) : Int64(digit)
            let (sum, second) = product.addingReportingOverflow(step)
            isTooLarge = isTooLarge || first || second
            value = sum
            index += 1
        }
        return isTooLarge ? .tooLarge : .value(value)
    }
}
