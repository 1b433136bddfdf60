// ImportPass.swift — the second reading of an input: rows become the columns of batches.
//
// Invariants:
// - Every sample is counted once: in a batch, as rejected or as skipped. Every line is counted once too.
// - Where a batch ends depends on the rows alone (see BatchLimits).

import VarveModel

/// Takes rows and commits them in batches.
struct ImportPass: ~Copyable, RowConsumer {
    /// What is known of a series that rows name.
    private struct Slot {
        /// The index in `series`; -1 if its rows are rejected, -2 if it was not looked up yet.
        var series: Int32
        /// The batch that has seen the name, from 1.
        var batch: UInt32
        /// The series' index in that batch.
        var owner: UInt32
        var type: ValueType
    }

    /// A series with its place in the batch that is being filled.
    private struct Series {
        var point: RegisteredPoint
        var batch: UInt32
        var owner: UInt32
    }

    private let resolver: SeriesResolver
    private let pipeline: CommitPipeline
    private let rejected: RejectedRows
    private let limits: BatchLimits
    private let report: (Int, UInt64) -> Void
    private var terms: RowTerms
    private var values = ValueParser()
    private var table = SeriesTable(empty: Slot(series: -2, batch: 0, owner: 0, type: .double))
    private var series: [Series] = []
    private var seriesByKey: [SeriesKey: Int32] = [:]
    private var reasons: [Int: String] = [:]
    private var batch: RowBatch
    private var batchNumber: UInt32 = 1
    private var size = BatchSize()
    private var rows: UInt64 = 0
    private var skipped: UInt64 = 0

    /// What the batch that is being filled has of everything that `BatchLimits` limits.
    private struct BatchSize {
        var rows = 0
        var rowBytes = 0
        var valueBytes = 0
        var series = 0
        var nameBytes = 0

        @inline(__always)
        func reaches(_ limits: BatchLimits) -> Bool {
            rows >= limits.rows || rowBytes >= limits.rowBytes || valueBytes >= limits.valueBytes
                || series >= limits.series || nameBytes >= limits.nameBytes
        }
    }

    /// What a whole pass did.
    struct Outcome {
        /// What the batches did, with the counts of all rows.
        var total: CommitTotal
        /// Whether a usable time was an integer.
        var hasIntegerTimes: Bool
        /// Whether a usable time was a date.
        var hasDates: Bool
    }

    /// Makes a pass.
    ///
    /// - Parameter report: Is told bytes and rows once per buffer.
    init(
        resolver: SeriesResolver, terms: RowTerms, pipeline: CommitPipeline, rejected: RejectedRows,
        limits: BatchLimits, report: @escaping (_ bytesRead: Int, _ rows: UInt64) -> Void
    ) throws {
        self.resolver = resolver
        self.terms = terms
        self.pipeline = pipeline
        self.rejected = rejected
        self.limits = limits
        self.report = report
        batch = try pipeline.emptyBatch()
    }

    mutating func take(_ row: borrowing Row) throws {
        if !row.continuesLine {
            if size.reaches(limits) { try commit(isLast: false) }
            size.rowBytes &+= row.text.count &+ 1
            rows &+= 1
        }
        size.rows &+= 1
        size.valueBytes &+= row.value.count
        if let problem = terms.check(row) { return rejectRow(row, problem.reason(row)) }
        let entry = table.find(row.product, row.device, row.point)
        if table[entry].batch != batchNumber { try touch(entry) }
        let slot = table[entry]
        guard slot.series >= 0 else {
            return rejectRow(row, reasons[entry] ?? "the series cannot be used")
        }
        switch values.parse(row.value, as: slot.type) {
        case .bits(let bits):
            batch.append(owner: slot.owner, time: terms.time, bits: bits, state: terms.quality)
        case .text(let text):
            batch.append(owner: slot.owner, time: terms.time, text: text, state: terms.quality)
        case .canonicalText:
            batch.append(owner: slot.owner, time: terms.time, text: values.canonical, state: terms.quality)
        case .missing where terms.quality == 0: skipped &+= 1
        case .missing:
            let state = terms.quality | SampleState(isMissing: true).bits
            batch.append(owner: slot.owner, time: terms.time, bits: 0, state: state)
        case .failure(let failure):
            rejectRow(row, failure.reason(row.value, point: row.point, type: slot.type))
        }
    }

    mutating func reject(_ reason: String, line: Int, text: UnsafeRawBufferPointer) throws {
        if size.reaches(limits) { try commit(isLast: false) }
        rows &+= 1
        size.rows &+= 1
        size.rowBytes &+= text.count &+ 1
        rejected.add(line: line, reason: reason, text: text)
    }

    func advanced(bytesRead: Int) {
        report(bytesRead, rows)
    }

    /// Commits the last batch, empty or not, and waits for all.
    mutating func finish() throws -> Outcome {
        batch.part.isLast = true
        try pipeline.commit(batch)
        var total = try pipeline.finish()
        total.receipt.rows = rows
        total.receipt.rejected += rejected.count
        total.receipt.skipped += skipped
        return Outcome(total: total, hasIntegerTimes: terms.hasIntegerTimes, hasDates: terms.hasDates)
    }

    private func rejectRow(_ row: borrowing Row, _ reason: String) {
        rejected.add(line: row.line, reason: reason, text: row.text)
    }

    private mutating func commit(isLast: Bool) throws {
        let index = batch.part.index
        batch.part.isLast = isLast
        try pipeline.commit(batch)
        batch = try pipeline.emptyBatch()
        batch.part = SampleBatch.Part(index: index + 1, isLast: false)
        batchNumber += 1
        size = BatchSize()
        // Forgetting what is known costs look-ups, not answers, and bounds what unknown names can take up.
        if table.count > limits.series || table.nameBytes > limits.nameBytes {
            table.removeAll()
            series.removeAll()
            seriesByKey.removeAll()
            reasons.removeAll()
        }
    }

    /// Prepares a name for its first row in a batch.
    private mutating func touch(_ entry: Int) throws {
        size.series += 1
        size.nameBytes += table.nameBytes(of: entry)
        var slot = table[entry]
        if slot.series == -2 { slot.series = try lookUp(entry) }
        slot.batch = batchNumber
        if slot.series >= 0 {
            let index = Int(slot.series)
            if series[index].batch != batchNumber {
                series[index].batch = batchNumber
                series[index].owner = UInt32(batch.series.count)
                batch.series.append(series[index].point)
            }
            slot.owner = series[index].owner
            slot.type = series[index].point.type
        }
        table[entry] = slot
    }

    private mutating func lookUp(_ entry: Int) throws -> Int32 {
        switch try resolver.resolve(table.names(of: entry)) {
        case .rejected(let reason):
            reasons[entry] = reason
            return -1
        case .point(let point):
            // Two names can mean one series: with a product and without.
            if let known = seriesByKey[point.key] { return known }
            let index = Int32(series.count)
            series.append(Series(point: point, batch: 0, owner: 0))
            seriesByKey[point.key] = index
            return index
        }
    }
}
