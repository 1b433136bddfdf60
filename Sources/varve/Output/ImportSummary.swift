// ImportSummary.swift — a receipt for people.

import VarveModel
import VarveText
import VarveTransfer

enum ImportSummary {
    /// A few aligned lines, each with its line end; counts of zero are left out where that is the normal case.
    static func text(_ result: ImportResult, seconds: Double, isDryRun: Bool) -> String {
        let receipt = result.receipt
        var lines: [(String, String)] = [("rows", rows(receipt.rows, seconds))]
        if receipt.samples != receipt.rows { lines.append(("samples", grouped(receipt.samples))) }
        lines.append((isDryRun ? "would accept" : "accepted", grouped(receipt.accepted)))
        let rest: [(String, UInt64, String)] = [
            ("identical", receipt.identical, "there already, dropped"),
            ("corrected", receipt.corrected, "took the place of an older value"),
            ("superseded", receipt.superseded, "offered a different value, not taken"),
            ("rejected", receipt.rejected, rejectedPlace(result.rejectedPath, result.rejectedFiles)),
            ("skipped", receipt.skipped, skipped(receipt.skipped, notStored: result.notStored)),
            ("expired", receipt.expired, expired(result.rules)),
            ("replayed", receipt.replayed, replayed(result.replayedCommits)),
        ]
        for (name, count, meaning) in rest where count > 0 {
            lines.append((name, "\(grouped(count))  \(meaning)"))
        }
        if let from = receipt.from, let to = receipt.to { lines.append(("time", "\(from) to \(to)")) }
        if let commits = result.commits { lines.append(("commit", Self.commits(commits))) }
        if let unit = result.timeUnit, unit != "rfc3339" { lines.append(("time unit", unit)) }
        if result.registered > 0 {
            lines.append(("registered", "\(result.registered) new models, products, points and devices"))
        }
        for (index, text) in NewPointText.lines(result.newPoints).enumerated() {
            lines.append((index == 0 ? "new points" : "", text))
        }
        for zone in result.zones { lines += Self.lines(zone) }
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { $0.0 + String(repeating: " ", count: width - $0.0.count + 2) + $0.1 + "\n" }
            .joined()
    }

    /// Where rejected rows are: the file of the first input that has some, and how many more such files there are.
    static func rejectedPlace(_ path: String?, _ files: UInt64) -> String {
        guard let path else { return "not usable" }
        guard files > 1 else { return "see \(path)" }
        return "see \(path) and \(grouped(files - 1)) more \(files == 2 ? "file" : "files")"
    }

    /// How times were read in a zone, as lines with their names.
    static func lines(_ zone: ZoneUse) -> [(String, String)] {
        let name = zone.isAssumed ? "\(zone.name), assumed" : zone.name
        let isPlain = zone.offsets.isEmpty || zone.name == zone.offsets || zone.name == "UTC"
        var lines = [("zone", isPlain ? name : "\(name): \(zone.offsets)")]
        if zone.repeated > 0 {
            let taken = zone.repeated - zone.repeatedRejected
            lines.append(
                (
                    "repeated hour",
                    "\(grouped(zone.repeated)) of a local hour that comes twice: \(grouped(taken)) taken, "
                        + "\(grouped(zone.repeatedRejected)) rejected"
                ))
        }
        if zone.missing > 0 {
            let taken = zone.missing - zone.missingRejected
            lines.append(
                (
                    "missing hour",
                    "\(grouped(zone.missing)) of a local hour that does not exist: \(grouped(taken)) shifted, "
                        + "\(grouped(zone.missingRejected)) rejected"
                ))
        }
        return lines
    }

    /// A zone as an element of `zones` in `import --json`.
    static func json(_ zone: ZoneUse) -> JSONText {
        func count(_ value: UInt64) -> JSONText { .integer(Int64(clamping: value)) }
        return .object([
            ("assumed", .bool(zone.isAssumed)), ("repeated", count(zone.repeated)),
            ("repeatedRejected", count(zone.repeatedRejected)), ("missing", count(zone.missing)),
            ("missingRejected", count(zone.missingRejected)), ("name", .string(zone.name)),
            ("offsets", .string(zone.offsets)),
        ])
    }

    /// Why samples were skipped.
    static func skipped(_ count: UInt64, notStored: UInt64) -> String {
        if notStored == 0 { return "empty, without a quality" }
        let policy = "not stored by policy"
        return notStored == count
            ? policy : "\(grouped(notStored)) \(policy), the rest empty, without a quality"
    }

    private static func expired(_ rules: [String]) -> String {
        "not stored, too old: " + (rules.isEmpty ? "see varve retention show" : rules.joined(separator: ", "))
    }

    private static func replayed(_ commits: ClosedRange<UInt64>?) -> String {
        let place =
            commits.map { " in commit\($0.count == 1 ? "" : "s") \(Self.commits($0))" } ?? ""
        return "imported before\(place), nothing applied; --reapply applies it"
    }

    private static func commits(_ commits: ClosedRange<UInt64>) -> String {
        commits.count == 1
            ? "\(commits.lowerBound)" : "\(commits.lowerBound) to \(commits.upperBound)"
    }

    /// A number with spaces between thousands.
    static func grouped(_ number: UInt64) -> String {
        var digits = Array(String(number))
        var index = digits.count - 3
        while index > 0 {
            digits.insert(" ", at: index)
            index -= 3
        }
        return String(digits)
    }

    private static func rows(_ rows: UInt64, _ seconds: Double) -> String {
        let rate = seconds > 0 ? UInt64(Double(rows) / seconds) : 0
        return "\(grouped(rows)) in \(decimal(seconds)) s (\(grouped(rate)) rows/s)"
    }

    /// One digit after the point.
    static func decimal(_ value: Double) -> String {
        let tenths = UInt64((max(0, value) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
