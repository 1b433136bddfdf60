// ImportPass.swift — the second reading of an input: rows become the columns of batches.
//
// Invariants:
// - Every sample is counted once: in a batch, as rejected or as skipped.
// - Where a batch ends depends only on the rows (see BatchLimits).

import VarveModel
import VarveText

/// Takes rows and commits them in batches.
struct ImportPass: ~Copyable, TimedRowConsumer {
    /// What is known about a name in the rows.
    private struct Slot {
        /// The index in `series`, or a value of `NoSeries`.
        var series: Int32
        /// Its number in `MissingReadings`; -1 if only empty values are missing.
        var missing: Int32 = -1
        /// The number of the last batch that has the name, from 1.
        var batch: UInt32
        /// The series' index in that batch.
        var owner: UInt32
        var type: ValueType
        /// Whether more is asked of its values than the type; `ruled` has what.
        var isRuled = false
        /// Whether a policy changes its values; `processings` has how.
        var isProcessed = false
    }

    /// A series with its place in the current batch.
    private struct Series {
        var point: RegisteredPoint
        var batch: UInt32
        var owner: UInt32
        /// Of a text point: how many values are numbers (`numbers`) and how many are other texts (`texts`).
        var numbers: UInt64 = 0
        var texts: UInt64 = 0
    }

    private let resolver: SeriesResolver
    private let pipeline: CommitPipeline
    private let rejected: RejectedRows
    private let limits: BatchLimits
    private let report: (Int, UInt64) -> Void
    private let missing: MissingReadings
    private let passesOverUnknownPoints: Bool
    private var terms = RowTerms()
    private var values = ValueParser()
    private var table = SeriesTable(
        empty: Slot(series: NoSeries.unresolved, batch: 0, owner: 0, type: .double))
    private var series: [Series] = []
    private var seriesByKey: [SeriesKey: Int32] = [:]
    private var reasons: [Int: String] = [:]
    /// By entry: what policies do to the values of a name, and their marks.
    ///
    /// Two names may mean one series.
    private var processings: [Int: ValueProcessing] = [:]
    private var marks: [Int: UInt64] = [:]
    /// By entry: what a name means, if more is asked of its values than the type.
    private var ruled: [Int: RegisteredPoint] = [:]
    private var batch: RowBatch
    private var batchNumber: UInt32 = 1
    private var size = BatchSize()
    private var rows: UInt64 = 0
    private var skipped: UInt64 = 0
    private var unknown: UInt64 = 0
    private var notStored: UInt64 = 0
    /// The counts of series that were forgotten since, by product and point; see `gatherTexts`.
    private var textPoints: [PointName: (numbers: UInt64, texts: UInt64)] = [:]
    private var passedOver = Set<Name>()

    /// The size of the current batch, in each of the measures that `BatchLimits` limits.
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

    /// The result of a whole pass.
    struct Outcome {
        /// The sum over the batches, with the counts of all samples; lines are not counted.
        var total: CommitTotal
        /// The rejected samples whose product, device or point is unknown.
        var unknown: UInt64
        /// The skipped samples that a policy does not store.
        var notStored: UInt64
        /// The text points with more numbers than other texts.
        var numericTexts: [NumericTextPoint]
        /// The columns that were passed over because their model has no such point.
        var passedOver: [String]
    }

    /// Makes a pass.
    ///
    /// - Parameters:
    ///   - missing: What counts as no reading.
    ///   - passesOverUnknownPoints: Whether a point that its model lacks is passed over instead of being rejected.
    ///   - report: Gets the bytes read and the rows seen so far, once per buffer.
    /// - Throws: The error of a failed commit, or `CancellationError` if the pipeline was stopped.
    init(
        resolver: SeriesResolver, missing: MissingReadings, passesOverUnknownPoints: Bool,
        pipeline: CommitPipeline, rejected: RejectedRows, limits: BatchLimits,
        report: @escaping (_ bytesRead: Int, _ rows: UInt64) -> Void
    ) throws {
        self.resolver = resolver
        self.missing = missing
        self.passesOverUnknownPoints = passesOverUnknownPoints
        self.pipeline = pipeline
        self.rejected = rejected
        self.limits = limits
        self.report = report
        batch = try pipeline.emptyBatch()
    }

    /// Counts a row's size; commits the current batch first if it is full.
    @inline(__always)
    private mutating func count(_ row: borrowing Row) throws {
        if !row.continuesLine {
            if size.reaches(limits) { try commit(isLast: false) }
            size.rowBytes &+= row.text.count &+ 1
            rows &+= 1
        }
        size.rows &+= 1
        size.valueBytes &+= row.value.count
    }

    mutating func refuse(_ row: borrowing Row, _ reason: String) throws {
        try count(row)
        rejectRow(row, reason)
    }

    mutating func take(_ row: borrowing Row, time: Int64) throws {
        try count(row)
        if let problem = terms.check(row) { return rejectRow(row, problem.reason(row)) }
        let entry = table.find(row.product, row.device, row.point)
        if table[entry].batch != batchNumber { try addToBatch(entry) }
        let slot = table[entry]
        guard slot.series >= 0 else {
            return takeWithoutSeries(row, slot.series, entry)
        }
        if let declared = terms.declaredType, declared != slot.type {
            return rejectRow(
                row, DeclaredType.mismatchReason(declared, point: row.point, type: slot.type))
        }
        if slot.isRuled { return takeRuled(row, slot, entry, time) }
        if slot.missing >= 0, missing.contains(row.value, number: Int(slot.missing)) {
            return takeMissing(slot, time)
        }
        switch values.parse(row.value, as: slot.type) {
        case .bits(let bits) where slot.isProcessed: process(row, bits, slot, entry, time)
        case .bits(let bits):
            batch.append(owner: slot.owner, time: time, bits: bits, state: terms.quality)
        case .text(let text):
            if slot.type == .string { countText(row.value, Int(slot.series)) }
            batch.append(owner: slot.owner, time: time, text: text, state: terms.quality)
        case .canonicalText:
            batch.append(owner: slot.owner, time: time, text: values.canonical, state: terms.quality)
        case .missing: takeMissing(slot, time)
        case .failure(let failure):
            rejectRow(row, failure.reason(row.value, point: row.point, type: slot.type))
        }
    }

    /// Takes a row of a point whose values a rule narrows, or of an event.
    @inline(never)
    private mutating func takeRuled(_ row: borrowing Row, _ slot: Slot, _ entry: Int, _ time: Int64) {
        guard let point = ruled[entry] else { return }
        var value = values.parse(row.value, as: slot.type)
        if slot.missing >= 0, missing.contains(row.value, number: Int(slot.missing)) { value = .missing }
        if let reason = values.refusal(
            of: value, row.value, hasQuality: terms.quality != 0, of: row.point, point)
        {
            return rejectRow(row, reason)
        }
        if case .bits(let bits) = value, slot.isProcessed {
            value = processings[entry]?.apply(bits, slot.type).map { .bits($0) } ?? .failure(.beyondPolicy)
        }
        if let reason = values.refusalByPolicy(of: value, row.point, point) { return rejectRow(row, reason) }
        switch value {
        case .bits(let bits): batch.append(owner: slot.owner, time: time, bits: bits, state: terms.quality)
        case .text(let text): batch.append(owner: slot.owner, time: time, text: text, state: terms.quality)
        case .canonicalText:
            batch.append(owner: slot.owner, time: time, text: values.canonical, state: terms.quality)
        case .missing: takeMissing(slot, time)
        case .failure(let failure):
            rejectRow(row, failure.reason(row.value, point: row.point, type: slot.type))
        }
    }

    /// Counts a row of a name without a series, and rejects it if that is its fault.
    @inline(never)
    private mutating func takeWithoutSeries(_ row: borrowing Row, _ series: Int32, _ entry: Int) {
        switch series {
        case NoSeries.passedOver: break
        case NoSeries.notStored:
            skipped &+= 1
            notStored &+= 1
        default:
            if series == NoSeries.unknown { unknown &+= 1 }
            rejectRow(row, reasons[entry] ?? "the series cannot be used")
        }
    }

    /// Adds a row whose value a policy changes.
    @inline(never)
    private mutating func process(
        _ row: borrowing Row, _ bits: UInt64, _ slot: Slot, _ entry: Int, _ time: Int64
    ) {
        guard let processing = processings[entry], let result = processing.apply(bits, slot.type) else {
            let reason = ValueFailure.beyondPolicy.reason(row.value, point: row.point, type: slot.type)
            return rejectRow(row, reason)
        }
        batch.append(owner: slot.owner, time: time, bits: result, state: terms.quality)
    }

    mutating func skips(_ row: borrowing Row) throws -> Bool {
        guard terms.check(row) == nil else { return false }
        let entry = table.find(row.product, row.device, row.point)
        if table[entry].series == NoSeries.unresolved { try resolveName(entry) }
        let slot = table[entry]
        if slot.series == NoSeries.notStored { return true }
        guard terms.quality == 0 else { return false }
        guard slot.series >= 0 else { return slot.series == NoSeries.passedOver }
        if ValueParser.isMissing(row.value, as: series[Int(slot.series)].point.type) { return true }
        return missing.contains(row.value, number: Int(slot.missing))
    }

    private mutating func takeMissing(_ slot: Slot, _ time: Int64) {
        guard terms.quality != 0 else {
            skipped &+= 1
            return
        }
        let state = terms.quality | SampleState(isMissing: true).bits
        batch.append(owner: slot.owner, time: time, bits: 0, state: state)
    }

    /// Counts the value of a text point as a number or as another text.
    private mutating func countText(_ field: Field, _ index: Int) {
        let kind = TypeCensus(field)
        if !kind.isDisjoint(with: TypeCensus.numbers) {
            series[index].numbers &+= 1
        } else if kind.contains(.text) {
            series[index].texts &+= 1
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

    /// Commits the last batch, even an empty one, and waits for all commits.
    ///
    /// - Throws: What the sink throws for a batch.
    mutating func finish() throws -> Outcome {
        batch.part.isLast = true
        try resolver.checkPolicies()
        try pipeline.commit(batch)
        var total = try pipeline.finish()
        total.receipt.rejected += rejected.count
        total.receipt.skipped += skipped
        return Outcome(
            total: total, unknown: unknown, notStored: notStored, numericTexts: numericTexts(),
            passedOver: passedOver.sorted().map(\.text))
    }

    /// The text points with more numbers than other texts, by product and point.
    private mutating func numericTexts() -> [NumericTextPoint] {
        gatherTexts()
        return textPoints.filter { $0.value.numbers > $0.value.texts }.map {
            NumericTextPoint(
                product: $0.key.product.text, point: $0.key.point.text, numbers: $0.value.numbers)
        }.sorted { ($0.product, $0.point) < ($1.product, $1.point) }
    }

    private mutating func gatherTexts() {
        for one in series where one.numbers + one.texts > 0 {
            let key = PointName(product: one.point.key.product, point: one.point.key.point)
            let known = textPoints[key] ?? (0, 0)
            textPoints[key] = (known.numbers + one.numbers, known.texts + one.texts)
        }
    }

    private func rejectRow(_ row: borrowing Row, _ reason: String) {
        rejected.add(line: row.line, reason: reason, text: row.text)
    }

    private mutating func commit(isLast: Bool) throws {
        let index = batch.part.index
        batch.part.isLast = isLast
        try resolver.checkPolicies()
        try pipeline.commit(batch)
        batch = try pipeline.emptyBatch()
        batch.part = SampleBatch.Part(index: index + 1, isLast: false)
        batchNumber += 1
        size = BatchSize()
        // Forgetting costs further look-ups but changes no answer. It bounds the memory that unknown names can use.
        if table.count > limits.series || table.nameBytes > limits.nameBytes {
            gatherTexts()
            table.removeAll()
            series.removeAll()
            seriesByKey.removeAll()
            reasons.removeAll()
            processings.removeAll()
            marks.removeAll()
            ruled.removeAll()
        }
    }

    /// Prepares a name for its first row in a batch.
    private mutating func addToBatch(_ entry: Int) throws {
        size.series += 1
        size.nameBytes += table.nameBytes(of: entry)
        if table[entry].series == NoSeries.unresolved { try resolveName(entry) }
        if !marks.isEmpty { batch.policyMark &+= marks[entry] ?? 0 }
        var slot = table[entry]
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

    /// Looks a name up and keeps what it means.
    private mutating func resolveName(_ entry: Int) throws {
        table[entry].series = try lookUp(entry)
        table[entry].isProcessed = processings[entry] != nil
        table[entry].isRuled = ruled[entry] != nil
        table[entry].missing = Int32(missing.isEmpty ? -1 : missing.number(ofPoint: table.point(of: entry)))
    }

    private mutating func lookUp(_ entry: Int) throws -> Int32 {
        switch try resolver.resolve(table.names(of: entry)) {
        case .rejected(let reason):
            reasons[entry] = reason
            return NoSeries.rejected
        case .unknown(let reason):
            reasons[entry] = reason
            return NoSeries.unknown
        case .unknownPoint(let name, let reason):
            guard passesOverUnknownPoints else {
                reasons[entry] = reason
                return NoSeries.unknown
            }
            if passedOver.count < RowReader.maximumColumns { passedOver.insert(Name(name)) }
            return NoSeries.passedOver
        case .notStored(let point):
            if point.policyMark != 0 { marks[entry] = point.policyMark }
            return NoSeries.notStored
        case .point(let point):
            if point.policyMark != 0 { marks[entry] = point.policyMark }
            if let processing = point.processing { processings[entry] = processing }
            if point.isRuled { ruled[entry] = point }
            // Two names can mean the same series: one with the product, one without, or one that a policy renames.
            if let known = seriesByKey[point.key] {
                guard series[Int(known)].point.type != point.type else { return known }
                let stored = Excerpt.quoted(point.key.point, limit: 80)
                reasons[entry] =
                    "the point is \(point.type.name), and another point that is stored as \(stored) is "
                    + "\(series[Int(known)].point.type.name): give it a name of its own with varve policy set"
                return NoSeries.rejected
            }
            let index = Int32(series.count)
            series.append(Series(point: point, batch: 0, owner: 0))
            seriesByKey[point.key] = index
            return index
        }
    }
}
