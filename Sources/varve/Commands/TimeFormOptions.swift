// TimeFormOptions.swift — `--time-digits` and `--time-format`: how times are written in rows.

import ArgumentParser
import VarveModel
import VarveText

/// The options for the form of times in CSV and NDJSON.
struct TimeFormOptions: ParsableArguments {
    @Option(
        help: """
            0, 3, 6 or 9 digits of fraction in every time of CSV and NDJSON; an error where a time has more. \
            (default: as many as each time has)
            """)
    var timeDigits: Int?
    @Option(help: "rfc3339 or epoch-ns, the form of times in CSV and NDJSON. (default: rfc3339)")
    var timeFormat: String?

    /// Whether one of the options is given.
    var isGiven: Bool { timeDigits != nil || timeFormat != nil }

    func validate() throws {
        do { _ = try form() } catch { throw ValidationError("\(error)") }
    }

    /// The form that the options give.
    ///
    /// - Throws: `QueryFailure` if they contradict each other or have an unknown value.
    func form() throws(QueryFailure) -> TimeForm {
        if let timeDigits, ![0, 3, 6, 9].contains(timeDigits) {
            throw QueryFailure(description: "--time-digits: \(timeDigits) is not 0, 3, 6 or 9")
        }
        switch timeFormat ?? "rfc3339" {
        case "rfc3339": return timeDigits.map(TimeForm.digits) ?? .shortest
        case "epoch-ns":
            guard timeDigits == nil else {
                throw QueryFailure(
                    description: "--time-digits: --time-format epoch-ns has no fraction; leave it out")
            }
            return .epochNanoseconds
        case let other:
            throw QueryFailure(
                description: "--time-format: \"\(printable(other))\" is unknown; use rfc3339 or epoch-ns")
        }
    }

    /// The error line for a time with more digits than `--time-digits` allows; empty for other forms.
    static func cut(_ time: Timestamp, _ form: TimeForm, device: String, point: String) -> String {
        guard case .digits(let count) = form else { return "" }
        return "--time-digits \(count) would cut \(time) of \(printable(device))/\(printable(point)); "
            + "use \(count < 3 ? "3, 6 or 9" : count < 6 ? "6 or 9" : "9")"
    }
}
