// Receipt.swift — the line of `varve import --json`, read back.

import Foundation
import VarveTestSupport

/// The counts that an import printed.
struct PrintedReceipt: Hashable, CustomStringConvertible {
    static let names = [
        "rows", "samples", "accepted", "identical", "corrected", "superseded", "rejected", "skipped",
        "expired", "replayed",
    ]

    var counts: [String: Int]
    var from: String?
    var to: String?
    var timeUnit: String?

    init(_ object: [String: Any]) {
        counts = [:]
        for name in Self.names { counts[name] = object[name] as? Int }
        from = object["from"] as? String
        to = object["to"] as? String
        timeUnit = object["timeUnit"] as? String
    }

    subscript(name: String) -> Int { counts[name] ?? -1 }

    /// Whether the samples are the sum of the eight counts.
    var addsUp: Bool { Self.names.dropFirst(2).reduce(0) { $0 + self[$1] } == self["samples"] }

    var description: String { Self.names.map { "\($0) \(self[$0])" }.joined(separator: ", ") }
}

extension Ending {
    /// The receipt on standard output.
    func receipt() throws -> PrintedReceipt { PrintedReceipt(try object()) }
}
