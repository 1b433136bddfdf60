// TimeParser.swift — reads the time of a row and remembers the date and the offset of the row before.
//
// Rows of a file mostly share their date and nearly always their offset, so the calendar is consulted about once per
// day of data. Less common forms are read by `TimeText`, epochs by `NumberText`.
//
// Invariants:
// - The result is that of `TimeText`, or for a number exactly `value * unit`.
// - A time without an offset is handed on as local time; `TimedRows` finds its moment with a zone.

import VarveModel
import VarveText

/// Why a text is not a time.
enum TimeFailure {
    case text(Timestamp.ParseFailure)
    /// A number without a known unit: the survey saw no number, so the file has changed since.
    case unknownUnit
    /// A number that is no date in a file whose numbers are dates.
    case noDate

    /// The failure as half a sentence.
    var description: String {
        switch self {
        case .text(let failure): failure.description
        case .unknownUnit: "is a number without a known unit; give --time-unit"
        case .noDate: "is no date of digits, as most times of the file are (20240501120000)"
        }
    }
}

/// The meaning of numbers among the times of one input.
struct NumericTimes: Hashable, Sendable {
    /// The unit of epochs; nil if the input has none.
    var unit: TimeUnit?
    /// Whether numbers are dates; see `CompactDate`.
    var areDates = false
    /// Whether some epochs look like dates; in a file with only these rows they would be read as dates.
    var lookLikeDates = false
}

/// Reads times.
struct TimeParser {
    /// The kind of time that a text is.
    enum Outcome {
        /// A moment; `nanoseconds` has it.
        case moment
        /// A time without an offset; `local` has it.
        case local
        /// No time; `failure` says why.
        case failed
    }

    private let numbers: NumericTimes
    /// The moment last read, in nanoseconds since 1970 UTC.
    private(set) var nanoseconds: Int64 = 0
    /// The local time last read.
    private(set) var local = TimeText(seconds: 0)
    /// Why the last refused text is no time.
    private(set) var failure = TimeFailure.unknownUnit
    private var dateHead: UInt64 = 0
    private var dateTail: UInt16 = 0
    private var daySeconds: Int64 = 0
    private var hasDay = false
    /// Whether a number was read as an epoch.
    private(set) var hasEpochs = false
    /// Whether a time written as a date was read.
    private(set) var hasDates = false
    private var offsetText: UInt64 = 0
    private var offsetSeconds: Int64 = 0

    init(_ numbers: NumericTimes) {
        self.numbers = numbers
    }

    /// Reads one time.
    @inline(__always)
    mutating func parse(_ base: UnsafePointer<UInt8>, _ count: Int) -> Outcome {
        if count >= 19, count <= 25, hasDay {
            if count == 19 {
                if parseLocal(base) { return .local }
            } else if parseCommon(base, count) {
                return .moment
            }
        }
        return parseOther(base, count)
    }

    /// `YYYY-MM-DDTHH:MM:SS` with the date of the row before, then `Z` or the offset of the row before.
    @inline(__always)
    private mutating func parseCommon(_ base: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        guard let clock = clock(base) else { return false }
        var offset: Int64 = 0
        if count == 20 {
            guard base[19] == 0x5A else { return false }
        } else {
            guard count == 25, Self.offsetWord(UnsafeRawPointer(base)) == offsetText else { return false }
            offset = offsetSeconds
        }
        let (value, overflow) = (clock &- offset).multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return false }
        nanoseconds = value
        return true
    }

    /// `YYYY-MM-DD HH:MM:SS` with the date of the row before.
    @inline(__always)
    private mutating func parseLocal(_ base: UnsafePointer<UInt8>) -> Bool {
        guard let clock = clock(base) else { return false }
        local = TimeText(seconds: clock)
        return true
    }

    /// The seconds that the first 19 bytes say, if their date is that of the row before.
    @inline(__always)
    private func clock(_ base: UnsafePointer<UInt8>) -> Int64? {
        let raw = UnsafeRawPointer(base)
        guard raw.loadUnaligned(as: UInt64.self) == dateHead,
            raw.loadUnaligned(fromByteOffset: 8, as: UInt16.self) == dateTail,
            base[10] == 0x54 || base[10] == 0x20, base[13] == 0x3A, base[16] == 0x3A
        else { return nil }
        let hour = Self.pair(base + 11)
        let minute = Self.pair(base + 14)
        let second = Self.pair(base + 17)
        guard hour < 24, minute < 60, second < 60 else { return nil }
        return daySeconds &+ Int64(hour &* 3600 &+ minute &* 60 &+ second)
    }

    @inline(never)
    private mutating func parseOther(_ base: UnsafePointer<UInt8>, _ count: Int) -> Outcome {
        if numbers.areDates, let time = CompactDate.time(base, count) {
            local = time
            hasDates = true
            return .local
        }
        switch NumberText.whole(base, count) {
        case .value(let value):
            guard let unit = numbers.unit else { return fail(numbers.areDates ? .noDate : .unknownUnit) }
            let (result, overflow) = value.multipliedReportingOverflow(by: unit.nanoseconds)
            if overflow { return fail(.text(.outOfRange)) }
            nanoseconds = result
            hasEpochs = true
            return .moment
        case .tooLarge: return fail(.text(.outOfRange))
        case .none: break
        }
        do throws(Timestamp.ParseFailure) {
            let time = try TimeText(reading: UnsafeRawBufferPointer(start: base, count: count))
            hasDates = true
            remember(base, count)
            guard let offset = time.offset else {
                local = time
                return .local
            }
            nanoseconds = try Timestamp.make(
                seconds: time.seconds - offset, nanoseconds: time.fraction
            ).nanoseconds
            return .moment
        } catch {
            if Self.magnitude(base, count) != nil { return decimal(base, count) }
            return fail(.text(error))
        }
    }

    /// Reads an epoch with a point or an exponent.
    private mutating func decimal(_ base: UnsafePointer<UInt8>, _ count: Int) -> Outcome {
        guard let unit = numbers.unit else { return fail(numbers.areDates ? .noDate : .unknownUnit) }
        guard let value = NumberText.int64(base, count, scale: unit.digits) else {
            let isInRange = (Self.magnitude(base, count) ?? .infinity) * Double(unit.nanoseconds) < 0x1p63
            return fail(.text(isInRange ? .finerThanNanosecond : .outOfRange))
        }
        nanoseconds = value
        hasEpochs = true
        return .moment
    }

    private mutating func fail(_ failure: TimeFailure) -> Outcome {
        self.failure = failure
        return .failed
    }

    /// Remembers the date and the offset of a valid text.
    private mutating func remember(_ base: UnsafePointer<UInt8>, _ count: Int) {
        guard count == 19 || count == 20 || count == 25, base[4] == 0x2D else { return }
        let raw = UnsafeRawPointer(base)
        dateHead = raw.loadUnaligned(as: UInt64.self)
        dateTail = raw.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        let year = Int(Self.pair(base)) * 100 + Int(Self.pair(base + 2))
        daySeconds =
            86_400
            * Timestamp.dayNumber(
                year: year, month: Int(Self.pair(base + 5)), day: Int(Self.pair(base + 8)))
        hasDay = true
        if count == 25, base[22] == 0x3A, base[19] == 0x2D || base[19] == 0x2B {
            offsetText = Self.offsetWord(raw)
            let seconds = Int64(Self.pair(base + 20)) * 3600 + Int64(Self.pair(base + 23)) * 60
            offsetSeconds = base[19] == 0x2D ? -seconds : seconds
        }
    }

    /// The magnitude of a number with a point or an exponent; nil for all other texts.
    static func magnitude(_ base: UnsafePointer<UInt8>, _ count: Int) -> Double? {
        guard NumberText.classify(base, count) == .decimal, let value = NumberText.double(base, count),
            value.isFinite
        else { return nil }
        return value.magnitude
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
}
