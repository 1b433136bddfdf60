// Memtable+Invariants.swift — checks the invariants of Memtable and MemtableSeries.

import VarveSegment

extension Memtable {
    /// Checks the rows of all series.
    ///
    /// Cost: copies the tail of each series, and makes one pass over all rows.
    ///
    /// - Throws: `BrokenInvariant` at the first violation.
    func checkInvariants() throws(BrokenInvariant) {
        for id in series { try check(id, rows(of: id, upTo: .max)) }
    }

    private func check(_ id: SeriesID, _ rows: MemtableRows) throws(BrokenInvariant) {
        func unless(_ holds: Bool, _ reason: @autoclosure () -> String) throws(BrokenInvariant) {
            try BrokenInvariant.unless(holds, "memtable, series \(id)", reason())
        }
        var before: (time: Int64, commit: UInt64)?
        for run in rows.ordered {
            for index in 0..<run.count {
                let row = (time: run.times[index], commit: run.commits[index])
                if let before {
                    try unless(before.time < row.time, "ordered rows do not ascend in time")
                    try unless(before.commit <= row.commit, "ordered rows do not ascend in commit")
                }
                before = row
            }
        }
        try unless(before?.time == lastTime(of: id), "the last time is not that of the last ordered row")
        for run in rows.late {
            for index in 0..<run.count {
                try unless(run.times[index] <= before?.time ?? .min, "a late row is after the ordered ones")
                guard index > 0 else { continue }
                try unless(
                    (run.times[index - 1], run.commits[index - 1]) < (run.times[index], run.commits[index]),
                    "late rows are out of order")
            }
        }
        for (one, next) in zip(rows.late, rows.late.dropFirst()) {
            try unless(one.count > 2 * next.count, "late runs were not merged")
        }
    }
}
