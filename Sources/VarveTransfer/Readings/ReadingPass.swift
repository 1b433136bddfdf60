// ReadingPass.swift — rows of an input become runs of readings.
//
// Invariants:
// - Every reading is counted once: in a run, as rejected or as skipped. Every line is counted once too.
// - Where series are forgotten depends only on the rows. Consumers must not depend on where a run ends.

import VarveModel

/// Takes rows and hands them on as readings.
struct ReadingPass: ~Copyable, TimedRowConsumer {
    /// What is known about a name in the rows.
    private struct Slot {
        /// The number of its series, from 0, or a value of `NoSeries`.
        var number: Int32
        var type: ValueType?
        /// Its number in `MissingReadings`; -1 if only empty values are missing.
        var missing = -1
    }

    private let product: String
    private let types: (any PointDirectory)?
    private let consumer: any ReadingConsumer
    private let rejected: RejectedRows
    private let missing: MissingReadings
    private let passesOverUnknownPoints: Bool
    private var terms = RowTerms()
    private var writer = JSONValueWriter()
    private var table = SeriesTable(empty: Slot(number: NoSeries.unresolved, type: nil))
    private var reasons: [Int: String] = [:]
    private var seriesCount: UInt32 = 0
    private var run = ReadingRun()
    private var rows: UInt64 = 0
    private var skipped: UInt64 = 0

    /// The limits, in rows and bytes, at which a run is handed on.
    private static let runRows = 1024
    private static let runBytes = 1 << 18
    /// The limits of names, in number and bytes, after which all series are forgotten.
    private static let maximumSeries = 1 << 18
    private static let maximumNameBytes = 32 << 20

    /// Makes a pass.
    ///
    /// - Parameters:
    ///   - product: The product of all rows; a row that names another one is rejected.
    ///   - types: Knows the types of points; nil if they are unknown.
    ///   - missing: What counts as no reading.
    ///   - passesOverUnknownPoints: Whether a point that `types` does not know is passed over instead of being sent.
    init(
        product: String, types: (any PointDirectory)?, missing: MissingReadings,
        passesOverUnknownPoints: Bool,
        rejected: RejectedRows, consumer: any ReadingConsumer
    ) {
        self.product = product
        self.types = types
        self.missing = missing
        self.passesOverUnknownPoints = passesOverUnknownPoints
        self.rejected = rejected
        self.consumer = consumer
    }

    mutating func refuse(_ row: borrowing Row, _ reason: String) {
        if !row.continuesLine { rows &+= 1 }
        rejectRow(row, reason)
    }

    mutating func skips(_ row: borrowing Row) throws -> Bool {
        guard terms.check(row) == nil, terms.quality == 0 else { return false }
        let entry = table.find(row.product, row.device, row.point)
        if table[entry].number == NoSeries.unresolved { try resolveName(entry) }
        let slot = table[entry]
        guard slot.number >= 0 else { return slot.number == NoSeries.passedOver }
        if ValueParser.isMissing(row.value, as: slot.type ?? terms.declaredType) { return true }
        return missing.contains(row.value, number: slot.missing)
    }

    mutating func take(_ row: borrowing Row, time: Int64) throws {
        if !row.continuesLine {
            try makeRoom()
            rows &+= 1
        }
        if let problem = terms.check(row) { return rejectRow(row, problem.reason(row)) }
        let entry = table.find(row.product, row.device, row.point)
        if table[entry].number == NoSeries.unresolved { try resolveName(entry) }
        let slot = table[entry]
        guard slot.number >= 0 else {
            if slot.number == NoSeries.passedOver { return }
            return rejectRow(row, reasons[entry] ?? "the series cannot be used")
        }
        var state = terms.quality
        if let declared = terms.declaredType, let type = slot.type, declared != type {
            return rejectRow(row, DeclaredType.mismatchReason(declared, point: row.point, type: type))
        }
        let value = row.value
        let isMissing = slot.missing >= 0 && missing.contains(value, number: slot.missing)
        let type = slot.type ?? terms.declaredType
        switch isMissing ? .missing : writer.append(row.value, as: type, to: &run.values) {
        case .written: break
        case .missing where state == 0:
            skipped &+= 1
            return
        case .missing: state |= SampleState(isMissing: true).bits
        case .failure(let failure):
            let type = slot.type ?? terms.declaredType ?? .json
            return rejectRow(row, failure.reason(row.value, point: row.point, type: type))
        }
        run.append(series: UInt32(slot.number), time: time, state: state, row: row)
    }

    mutating func reject(_ reason: String, line: Int, text: UnsafeRawBufferPointer) {
        rows &+= 1
        rejected.add(line: line, reason: reason, text: text)
    }

    mutating func advanced(bytesRead: Int) throws {
        try consumer.advanced(.rows, bytesRead: bytesRead, rows: rows)
    }

    /// Hands on the last run.
    ///
    /// - Returns: The number of lines, and of readings with neither value nor quality.
    /// - Throws: What the consumer throws.
    mutating func finish() throws -> (rows: UInt64, skipped: UInt64) {
        try handOn()
        return (rows, skipped)
    }

    private func rejectRow(_ row: borrowing Row, _ reason: String) {
        rejected.add(line: row.line, reason: reason, text: row.text)
    }

    @inline(__always)
    private mutating func makeRoom() throws {
        if run.count >= Self.runRows || run.values.count &+ run.text.count >= Self.runBytes { try handOn() }
        if table.count >= Self.maximumSeries || table.nameBytes >= Self.maximumNameBytes {
            try handOn()
            table.removeAll()
            reasons.removeAll()
            seriesCount = 0
            try consumer.forgetSeries()
        }
    }

    private mutating func handOn() throws {
        guard run.count > 0 else { return }
        try consumer.take(run)
        run.removeAll()
    }

    /// Decides whether the rows of a new name are sent, rejected or passed over.
    @inline(never)
    private mutating func resolveName(_ entry: Int) throws {
        guard let names = table.names(of: entry) else { return refuse(entry, UTF8Advice.text("a name")) }
        guard names.product.isEmpty || names.product.sameBytes(as: product) else {
            return refuse(
                entry, "the row is of product \(names.product), and product \(product) is being sent")
        }
        if let reserved = ReservedPoint(name: names.point) {
            let what = if case .event = reserved { "an event" } else { "an attribute" }
            return refuse(
                entry,
                "\(names.point) is \(what), and only measurement points can be published; store it with varve import"
            )
        }
        var type: ValueType?
        if let types {
            switch try types.lookUp(product: product, device: names.device, point: names.point) {
            // The receiver applies the policy.
            case .found(let point), .notStored(let point), .unfit(let point, _): type = point.type
            case .unknownPoint where passesOverUnknownPoints:
                table[entry] = Slot(number: NoSeries.passedOver, type: nil)
                return
            case .unknownPoint, .unknownDevice, .unknownProduct, .ambiguousDevice: break
            }
        }
        // A series that the registry does not know is sent all the same: the receiver decides and logs it.
        try consumer.addSeries(device: names.device, point: names.point)
        let number = missing.isEmpty ? -1 : missing.number(ofPoint: table.point(of: entry))
        table[entry] = Slot(number: Int32(seriesCount), type: type, missing: number)
        seriesCount += 1
    }

    private mutating func refuse(_ entry: Int, _ reason: String) {
        table[entry] = Slot(number: NoSeries.rejected, type: nil)
        reasons[entry] = reason
    }
}
