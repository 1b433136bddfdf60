// WALContents+Invariants.swift — checks the invariants of WALReader and WALRecord on a WAL file.

import VarveModel
import VarveSegment

extension WALContents {
    /// Checks the places and the contents of the records.
    ///
    /// Cost: decodes every record.
    ///
    /// - Parameter commit: The newest commit before this file.
    /// - Returns: The newest commit in this file, or `commit` if it has none.
    /// - Throws: `BrokenInvariant`; `StorageError.damaged`.
    func checkInvariants(after commit: UInt64) throws -> UInt64 {
        func unless(_ holds: Bool, _ reason: @autoclosure () -> String) throws(BrokenInvariant) {
            try BrokenInvariant.unless(holds, "WAL", reason())
        }
        try unless(end <= bytes.count, "the last record ends after the file")
        for (one, next) in zip(payloads, payloads.dropFirst()) {
            try unless(one.upperBound <= next.lowerBound, "records overlap")
        }
        try unless(payloads.last?.upperBound ?? 0 <= end, "a record is after the last one")
        let count = UInt64(payloads.count) + (hasSeal ? 1 : 0)
        try unless(nextRecord == firstRecord + count, "the numbers of the records have a gap")
        var newest = commit
        let buffer = SmallRowBuffer()
        try forEachRecord { record, offset in
            let whole = try WALRecord(&record, buffer)
            try unless(whole.commit > newest, "commit \(whole.commit) at byte \(offset) follows \(newest)")
            newest = whole.commit
            for rows in whole.rows {
                let times = rows.columns.times
                try unless(
                    zip(times, times.dropFirst()).allSatisfy { $0 < $1 },
                    "rows of series \(rows.series) in commit \(newest) do not ascend in time")
            }
        }
        return newest
    }
}
