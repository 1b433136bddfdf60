// TimeBound.swift — reads the texts of `--from` and `--to`.
//
// - A bare date means the first moment of its local day, even if the clock does not show 00:00 then.
// - A local time that comes twice means the earlier moment as `--from` and the later one as `--to`, so that a range
//   never leaves out what it names.
// - A local time that does not exist is an error.

import VarveModel
import VarveText

/// Reads the ends of a time range.
enum TimeBound {
    /// Reads RFC 3339, `YYYY-MM-DD`, `YYYY-MM-DD HH:MM[:SS[.f]]`, a date of digits only, or an integer epoch.
    ///
    /// Digits are a date where `CompactDate` reads them as one, as in files.
    /// An integer's unit follows from its size: below 10^11 seconds, below 10^14 milliseconds, below 10^17
    /// microseconds, else nanoseconds. So each unit reaches at least from 1973 to 5138.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - option: The option's name, for the message. Of two moments, `--to` means the later one.
    ///   - zone: The zone of times without an offset.
    /// - Throws: `QueryFailure` if the text is not a time, is out of range or does not exist in the zone.
    static func parse(
        _ text: String, option: String, zone: any ZoneRules
    ) throws(QueryFailure) -> Timestamp {
        let time: TimeText
        do throws(Timestamp.ParseFailure) {
            if let time = try epoch(text) { return time }
            time = try timeText(text)
            if let moment = moment(time, option: option, zone) {
                return try Timestamp.make(seconds: moment, nanoseconds: time.fraction)
            }
        } catch {
            throw QueryFailure(description: "\(option): \"\(printable(text))\" \(error)")
        }
        throw QueryFailure(
            description:
                "\(option): \"\(printable(text))\" does not exist in this time zone, as its clock is put "
                + "forward over it; give a time before or after the change")
    }

    /// The range of `--from` and `--to`.
    ///
    /// A bound that is left out leaves the range open on that side.
    ///
    /// - Throws: `QueryFailure` for a bad bound, and if `--to` is not later than `--from`.
    static func range(
        from: String?, to: String?, zone: (any ZoneRules)? = nil
    ) throws(QueryFailure) -> TimeRange {
        func bound(_ text: String?, _ option: String) throws(QueryFailure) -> Timestamp? {
            guard let text else { return nil }
            return try parse(text, option: option, zone: zone ?? FixedZone())
        }
        let range = TimeRange(from: try bound(from, "--from") ?? .earliest, to: try bound(to, "--to"))
        guard !range.isEmpty else { throw QueryFailure(description: "--to must be later than --from") }
        return range
    }

    /// The range of `--from` and `--to`, with local times and days in the zone of `--tz`, else in UTC.
    ///
    /// - Throws: `QueryFailure` for the bounds, `SystemZones.Failure` for an unknown zone.
    static func range(from: String?, to: String?, tz: String?) throws -> TimeRange {
        try range(from: from, to: to, zone: tz.map { try SystemZones.zone(named: $0) })
    }

    /// Prints on standard error which moment is meant where a bound comes twice in the zone of `--tz`.
    ///
    /// - Throws: `SystemZones.Failure` for an unknown zone.
    static func printNotes(from: String?, to: String?, tz: String?) throws {
        var errors = StandardErrors()
        for note in notes(from: from, to: to, zone: try tz.map { try SystemZones.zone(named: $0) }) {
            print("varve: \(note)", to: &errors)
        }
    }

    /// A line for each bound that comes twice in the zone, with the moment that is meant.
    static func notes(from: String?, to: String?, zone: (any ZoneRules)?) -> [String] {
        guard let zone else { return [] }
        return [("--from", from, "earlier"), ("--to", to, "later")].compactMap { option, text, which in
            guard let text, let time = try? timeText(text), time.offset == nil, !time.isDayStart,
                case .twice = zone.meaning(ofLocal: time.seconds),
                let moment = try? parse(text, option: option, zone: zone)
            else { return nil }
            return
                "\(option) \(printable(text)) comes twice in this time zone: the \(which) one is meant, \(moment)"
        }
    }

    /// The moment in seconds since 1970; nil if the zone's clock never shows the time.
    private static func moment(_ time: TimeText, option: String, _ zone: any ZoneRules) -> Int64? {
        if let offset = time.offset { return time.seconds - offset }
        let meaning = zone.meaning(ofLocal: time.seconds)
        if time.isDayStart, case .never(let before, let after) = meaning {
            return zone.change(after: time.seconds - after, upTo: time.seconds - before, from: before)
        }
        switch meaning {
        case .once(let offset): return time.seconds - offset
        case .twice(let earlier, let later):
            return time.seconds - (option == "--to" && !time.isDayStart ? later : earlier)
        case .never: return nil
        }
    }

    private static func timeText(_ text: String) throws(Timestamp.ParseFailure) -> TimeText {
        var copy = text
        let result = copy.withUTF8 { bytes -> Result<TimeText, Timestamp.ParseFailure> in
            Result { () throws(Timestamp.ParseFailure) in
                if let base = bytes.baseAddress, let date = CompactDate.time(base, bytes.count) {
                    return date
                }
                return try TimeText(reading: UnsafeRawBufferPointer(bytes))
            }
        }
        return try result.get()
    }

    private static func isDate(_ text: String) -> Bool {
        var copy = text
        return copy.withUTF8 { bytes in
            bytes.baseAddress.map { CompactDate.time($0, bytes.count) != nil } ?? false
        }
    }

    private static func epoch(_ text: String) throws(Timestamp.ParseFailure) -> Timestamp? {
        let digits = text.utf8.first == 0x2D ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), !isDate(text) else {
            return nil
        }
        guard let number = Int64(text) else { throw .outOfRange }
        let factor: Int64 =
            switch number.magnitude {
            case ..<100_000_000_000: 1_000_000_000
            case ..<100_000_000_000_000: 1_000_000
            case ..<100_000_000_000_000_000: 1000
            default: 1
            }
        let (nanoseconds, isOutside) = number.multipliedReportingOverflow(by: factor)
        guard !isOutside else { throw .outOfRange }
        return Timestamp(nanoseconds: nanoseconds)
    }
}
