// PublishSummary.swift — what publishing did, for people and for programs.

import VarvePublisher
import VarveText

enum PublishSummary {
    /// A few aligned lines, each with its line end; counts of zero are left out where that is the normal case.
    static func text(_ result: PublishResult, seconds: Double) -> String {
        let rate = seconds > 0 ? UInt64(Double(result.rows) / seconds) : 0
        var lines = [
            (
                "rows",
                "\(ImportSummary.grouped(result.rows)) in \(ImportSummary.decimal(seconds)) s "
                    + "(\(ImportSummary.grouped(rate)) rows/s)"
            ),
            (
                "answered",
                "\(ImportSummary.grouped(result.acknowledged)) of \(ImportSummary.grouped(result.batches)) batches"
                    + (result.acknowledged > 0 ? ", each of them on disk" : ", all rows were refused")
            ),
        ]
        let rest: [(String, UInt64, String)] = [
            (
                "in part", result.acknowledgedInPart,
                "of them had rows that were refused; the other rows are in"
            ),
            ("earlier", result.acknowledgedBefore, "batches were answered in an earlier run"),
            ("resent", result.resent, "messages were sent more than once"),
            (
                "rejected", result.rejected,
                ImportSummary.rejectedPlace(result.rejectedPath, result.rejectedFiles)
            ),
            ("skipped", result.skipped, "empty, without a quality"),
        ]
        for (name, count, meaning) in rest where count > 0 {
            lines.append((name, "\(ImportSummary.grouped(count))  \(meaning)"))
        }
        for zone in result.zones { lines += ImportSummary.lines(zone) }
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { $0.0 + String(repeating: " ", count: width - $0.0.count + 2) + $0.1 + "\n" }
            .joined()
    }

    /// One line of JSON.
    static func json(_ result: PublishResult, seconds: Double) -> String {
        func count(_ value: UInt64) -> JSONText { .integer(Int64(clamping: value)) }
        var members = [
            ("rows", count(result.rows)), ("batches", count(result.batches)),
            ("acknowledged", count(result.acknowledged)), ("inPart", count(result.acknowledgedInPart)),
            ("earlier", count(result.acknowledgedBefore)),
            ("resent", count(result.resent)), ("rejected", count(result.rejected)),
            ("skipped", count(result.skipped)), ("seconds", .double((seconds * 1000).rounded() / 1000)),
        ]
        if !result.zones.isEmpty {
            members.append(("zones", .array(result.zones.map(ImportSummary.json))))
        }
        return JSONText.object(members).line()
    }
}
