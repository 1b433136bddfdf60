// Store+Imports.swift — the imports a store remembers, for `varve import --status`.

public import VarveModel
import VarveSegment

/// One import of a file, as far as it came.
public struct ImportSummaryRecord: Hashable, Sendable {
    /// When its newest batch was committed.
    public var writtenAt: Timestamp
    /// Whether its last batch is in.
    public var isFinished: Bool
    /// The batches that were committed.
    public var batches: Int
    /// What their rows did.
    public var receipt: Receipt
}

extension Store {
    /// The imports, oldest first.
    public func imports() -> [ImportSummaryRecord] {
        var found: [ReplayIndex.Import: ImportSummaryRecord] = [:]
        for record in batchRecords() {
            let key = ReplayIndex.Import(hash: record.importHash, generation: record.generation)
            var summary =
                found[key]
                ?? ImportSummaryRecord(
                    writtenAt: .earliest, isFinished: false, batches: 0, receipt: Receipt())
            summary.writtenAt = max(summary.writtenAt, Timestamp(nanoseconds: record.writtenAt))
            summary.isFinished = summary.isFinished || record.isLast
            summary.batches += 1
            summary.receipt.add(record.receipt)
            found[key] = summary
        }
        return found.values.sorted { $0.writtenAt < $1.writtenAt }
    }
}
