// IndexPage+Invariants.swift — checks the invariants that IndexPage and PageDecoder list.

extension IndexPage {
    /// Checks all columns.
    ///
    /// Cost: one pass over the entries of the page.
    ///
    /// - Throws: `BrokenInvariant` at the first violation.
    func checkInvariants() throws(BrokenInvariant) {
        func unless(_ holds: Bool, _ reason: @autoclosure () -> String) throws(BrokenInvariant) {
            try BrokenInvariant.unless(holds, "index page", reason())
        }
        let counts = [
            columns.counts.count, columns.firstTimes.count, columns.lastTimes.count,
            columns.lowestCommits.count, columns.highestCommits.count, columns.blocks.count,
            columns.times.count, columns.rows.count, columns.haveVersions.count,
            columns.statisticsNumbers.count, columns.vectorEnds.count,
        ]
        try unless(counts.allSatisfy { $0 == count }, "not all columns have the same count")
        for index in 0..<count {
            try unless(columns.firstTimes[index] <= columns.lastTimes[index], "entry \(index) ends early")
            try unless(
                columns.lowestCommits[index] <= columns.highestCommits[index],
                "the commits of entry \(index) are reversed")
            try unless(
                (1...FormatLimits.blockSamples).contains(Int(columns.counts[index])),
                "entry \(index) has \(columns.counts[index]) samples")
            try unless(
                Int(columns.blocks[index]) < columns.extents.count
                    && Int(columns.times[index]) <= columns.extents.count
                    && Int(columns.statisticsNumbers[index]) <= columns.statistics.count,
                "entry \(index) names a piece that the page does not have")
            guard index > 0 else { continue }
            let isSame = columns.series[index] == columns.series[index - 1]
            try unless(
                isSame
                    ? columns.firstTimes[index] >= columns.lastTimes[index - 1]
                    : columns.series[index] > columns.series[index - 1],
                "entry \(index) is out of order")
            try unless(
                columns.vectorEnds[index] >= columns.vectorEnds[index - 1],
                "the vector index of entry \(index) ends before it begins")
        }
        for (one, next) in zip(columns.extents, columns.extents.dropFirst()) {
            try unless(one.offset + one.count <= next.offset, "pieces of the file overlap")
        }
        try unless(
            Int(columns.vectorEnds.last ?? 0) == columns.vectors?.count ?? 0,
            "the vector indexes do not fill their piece")
    }
}
