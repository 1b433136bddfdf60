// Store+Imports.swift — the imports that a store remembers, for `varve import --status`.

public import VarveModel
import VarveSegment

/// One import of a file, finished or not.
public struct ImportSummaryRecord: Hashable, Sendable {
    /// The time of the commit of its newest batch.
    public var writtenAt: Timestamp
    /// Whether its last batch is committed.
    public var isFinished: Bool
    /// The number of batches that were committed.
    public var batches: Int
    /// What the rows of these batches did.
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
