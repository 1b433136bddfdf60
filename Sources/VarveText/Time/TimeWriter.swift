// TimeWriter.swift — writes times as text and remembers the date of the time before.
//
// Invariants:
// - The text is that of `TimeForm.append`.

import VarveModel

/// Writes the times of rows.
struct TimeWriter {
    /// The longest text: a date, a time of day, nine digits of fraction, `Z`.
    static let maximumBytes = 30

    private let form: TimeForm
    /// The digits of every fraction; nil for as many as a time needs.
    private let digits: Int?
    private var firstNanosecond: Int64 = 0
    private var prefix: [UInt8] = []

    /// The nanoseconds of a day.
    private static let day: Int64 = 86_400_000_000_000

    /// Makes a writer for a form.
    init(_ form: TimeForm = .shortest) {
        self.form = form
        if case .digits(let count) = form { digits = count } else { digits = nil }
    }

    /// Writes a time, which the form must hold; the output must have room for `maximumBytes`.
    @inline(__always)
    mutating func write(_ nanoseconds: Int64, to output: inout TextBuffer) {
        guard form != .epochNanoseconds else { return writeWhole(nanoseconds, to: &output) }
        var ofDay = nanoseconds &- firstNanosecond
        if prefix.isEmpty || ofDay < 0 || ofDay >= Self.day || nanoseconds < firstNanosecond {
            guard startDay(nanoseconds) else { return writeWhole(nanoseconds, to: &output) }
            ofDay = nanoseconds &- firstNanosecond
        }
        output.write(prefix)
        let (seconds, fraction) = ofDay.quotientAndRemainder(dividingBy: 1_000_000_000)
        let second = Int(seconds)
        output.writePair(second / 3600)
        output.write(0x3A)
        output.writePair(second / 60 % 60)
        output.write(0x3A)
        output.writePair(second % 60)
        if fraction != 0 || digits != nil { writeFraction(UInt64(fraction), to: &output) }
        output.write(0x5A)
    }

    @inline(never)
    private func writeFraction(_ fraction: UInt64, to output: inout TextBuffer) {
        var rest = fraction
        var width = 9
        while let digits = digits ?? (rest % 10 == 0 ? 0 : nil), width > digits {
            rest /= 10
            width -= 1
        }
        guard width > 0 else { return }
        output.write(0x2E)
        output.writeDigits(rest, width: width)
    }

    /// Makes the day of a time the current one; false for the two days that Int64 cuts off.
    @inline(never)
    private mutating func startDay(_ nanoseconds: Int64) -> Bool {
        prefix = []
        let days = floorDivide(nanoseconds, Self.day)
        let (start, overflow) = days.multipliedReportingOverflow(by: Self.day)
        guard !overflow, start <= Int64.max - Self.day else { return false }
        firstNanosecond = start
        Timestamp(nanoseconds: start).appendRFC3339(to: &prefix)
        prefix.removeLast("00:00:00Z".utf8.count)
        return true
    }

    private func writeWhole(_ nanoseconds: Int64, to output: inout TextBuffer) {
        var text: [UInt8] = []
        form.append(Timestamp(nanoseconds: nanoseconds), to: &text)
        output.write(text)
    }
}
