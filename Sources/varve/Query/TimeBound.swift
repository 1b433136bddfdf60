// TimeBound.swift — the texts of `--from` and `--to`.

import VarveModel

/// Reads the ends of a time range.
enum TimeBound {
    /// Reads RFC 3339, `YYYY-MM-DD` (its midnight), `YYYY-MM-DD HH:MM[:SS[.f]]`, or an integer epoch.
    ///
    /// An integer's unit follows from its size: below 10^11 seconds, below 10^14 milliseconds, below 10^17
    /// microseconds, else nanoseconds; so each unit reaches at least from 1973 to 5138.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - option: The option's name for the message.
    ///   - zone: The zone of times without an offset.
    static func parse(
        _ text: String, option: String, zone: some ZoneRules
    ) throws(QueryFailure) -> Timestamp {
        do throws(Timestamp.ParseFailure) {
            if let time = try epoch(text) { return time }
            return try Timestamp.parse(completed(text), zone: zone)
        } catch {
            throw QueryFailure(description: "\(option): \"\(printable(text))\" \(error)")
        }
    }

    /// The range of `--from` and `--to`, each open if it is left out.
    static func range(
        from: String?, to: String?, zone: (any ZoneRules)? = nil
    ) throws(QueryFailure) -> TimeRange {
        func bound(_ text: String?, _ option: String) throws(QueryFailure) -> Timestamp? {
            guard let text else { return nil }
            if let zone { return try parse(text, option: option, zone: zone) }
            return try parse(text, option: option, zone: FixedZone())
        }
        let range = TimeRange(from: try bound(from, "--from") ?? .earliest, to: try bound(to, "--to"))
        guard !range.isEmpty else { throw QueryFailure(description: "--to must be later than --from") }
        return range
    }

    private static func epoch(_ text: String) throws(Timestamp.ParseFailure) -> Timestamp? {
        let digits = text.utf8.first == 0x2D ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
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

    /// The text with the time of day, or its seconds, added where they are left out.
    private static func completed(_ text: String) -> String {
        switch text.utf8.count {
        case 10: text + "T00:00:00"
        case 16: text + ":00"
        default: text
        }
    }
}
