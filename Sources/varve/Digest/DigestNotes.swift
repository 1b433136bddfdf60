// DigestNotes.swift — which rows of the files are in no digest, and how their times were read.
//
// Invariants:
// - Every row that is not compared is counted here.

import VarveModel
import VarveText
import VarveTransfer

/// What the user should know about the files of a digest.
struct DigestNotes {
    private let result: ImportResult
    private let firstRejecting: String?

    init(_ files: ImportedFiles) {
        result = files.result
        firstRejecting = files.firstRejecting
    }

    /// Whether rows were rejected.
    var hasRejected: Bool { result.receipt.rejected > 0 }

    /// Lines for standard error.
    var lines: [String] {
        var lines: [String] = []
        let left = leftOut
        if !left.isEmpty { lines.append("in no digest: " + left.joined(separator: ", ")) }
        if let row = result.firstRejected {
            lines.append(row.note(in: firstRejecting ?? "a file", of: result.receipt.rejected))
        }
        for zone in result.zones {
            lines += ImportSummary.lines(zone).map { "\($0.0): \($0.1)" }
        }
        if let other = result.otherZones.first {
            let more = result.otherZones.count > 1 ? " (and \(result.otherZones.count - 1) more devices)" : ""
            lines.append(
                "device \(printable(other.device))\(more): an import read its local times in \(other.zone); "
                    + "--tz \(other.zone) reads them so here")
        }
        return lines
    }

    /// The counts that are not zero, each with its meaning.
    private var leftOut: [String] {
        let receipt = result.receipt
        var counts: [String] = []
        if receipt.rejected > 0 {
            let unknown =
                result.unknown > 0
                ? " (\(ImportSummary.grouped(result.unknown)) of products, devices or points that are not known)"
                : ""
            counts.append("\(ImportSummary.grouped(receipt.rejected)) rejected, as by import\(unknown)")
        }
        if receipt.skipped > 0 {
            let why =
                result.notStored == 0
                ? "without value and quality"
                : ImportSummary.skipped(receipt.skipped, notStored: result.notStored)
            counts.append("\(ImportSummary.grouped(receipt.skipped)) skipped, \(why)")
        }
        if receipt.expired > 0 {
            let rules = result.rules.isEmpty ? "" : " (\(result.rules.joined(separator: ", ")))"
            counts.append("\(ImportSummary.grouped(receipt.expired)) expired\(rules)")
        }
        if !result.passedOver.isEmpty {
            counts.append("\(result.passedOver.count) columns that are not points, passed over")
        }
        return counts
    }

    /// The last line of `--json`.
    ///
    /// - Parameters:
    ///   - comparison: What was compared; nil without `--compare`.
    ///   - isEqual: Whether the store and the files agree.
    func line(_ comparison: DigestComparison?, isEqual: Bool) -> String {
        let receipt = result.receipt
        var members: [(String, JSONText)] = []
        if let comparison {
            members = [
                ("equal", .bool(isEqual)), ("days", .integer(Int64(comparison.differences.count))),
                ("series", .integer(Int64(comparison.series))),
                ("samples", .integer(Int64(comparison.samples))),
            ]
        }
        members += [
            ("rows", .integer(Int64(receipt.rows))), ("rejected", .integer(Int64(receipt.rejected))),
            ("unknown", .integer(Int64(result.unknown))), ("skipped", .integer(Int64(receipt.skipped))),
            ("expired", .integer(Int64(receipt.expired))),
        ]
        if let row = result.firstRejected {
            members.append(
                (
                    "firstRejected",
                    .object([
                        ("file", .optional(firstRejecting)), ("line", .integer(Int64(row.line))),
                        ("reason", .string(row.reason)),
                    ])
                ))
        }
        if !result.zones.isEmpty {
            members.append(("zones", .array(result.zones.map(ImportSummary.json))))
        }
        return JSONText.object(members).line()
    }
}
