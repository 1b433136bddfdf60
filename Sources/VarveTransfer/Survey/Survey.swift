// Survey.swift — the first reading of an input: is it whole, what do its numeric times mean, what does it name?
//
// Invariants:
// - A damaged file fails here, before anything is registered or committed.
// - Memory is bounded by `SurveyedSeries`, whatever the inputs name.

import VarveModel

/// The series that the inputs of one run name, with what their values are.
final class SurveyedSeries {
    /// The most series that a run can register.
    static let maximumSeries = 1 << 18
    /// The most bytes that their names can have.
    static let maximumNameBytes = 24 << 20

    /// What is known of a series.
    struct Entry {
        var census = ValueCensus()
        /// Its number in `MissingReadings`; nil until it was asked for.
        var missing: Int?
    }

    fileprivate var table = SeriesTable<Entry>(empty: Entry())

    /// A series as the inputs name it.
    struct Named {
        /// The product that a row names; empty for none.
        var product: String
        var device: String
        var point: String
        var census: ValueCensus
    }

    /// The series; one whose name is not valid UTF-8 is left to be rejected.
    func all() -> [Named] {
        (0..<table.count).compactMap { entry in
            table.names(of: entry).map {
                Named(product: $0.product, device: $0.device, point: $0.point, census: table[entry].census)
            }
        }
    }
}

/// Takes note of rows without importing them.
struct Survey: ~Copyable, RowConsumer {
    private let path: String
    private let missing: MissingReadings
    private let series: SurveyedSeries?
    private let report: (Int, UInt64) throws -> Void
    private var times: TimeParser
    private var terms = RowTerms()
    private var outcome = TimeParser.Outcome.failed
    private(set) var census = TimeCensus()
    private var rows: UInt64 = 0

    /// Makes a survey.
    ///
    /// - Parameters:
    ///   - series: Where the series are collected; nil where nobody asks.
    ///   - report: Is told bytes and rows once per buffer.
    init(
        path: String, options: ImportOptions, series: SurveyedSeries?,
        report: @escaping (_ bytesRead: Int, _ rows: UInt64) throws -> Void
    ) {
        self.path = path
        self.report = report
        self.series = series
        missing = options.missing
        // Any unit will do to tell a number from what is no time; the range is checked at import.
        times = TimeParser(NumericTimes(unit: options.timeUnit ?? .nanoseconds))
    }

    mutating func take(_ row: borrowing Row) throws {
        if !row.continuesLine {
            rows &+= 1
            census.add(row.time.base, row.time.count)
            if series != nil { outcome = times.parse(row.time.base, row.time.count) }
        }
        guard let series else { return }
        if outcome == .failed, !isNumber(row.time) { return }
        guard terms.check(row) == nil else { return }
        let entry = series.table.find(row.product, row.device, row.point)
        if !missing.isEmpty, isMissing(row, entry, series) { return }
        series.table[entry].census.add(TypeCensus(row.value))
        if series.table.count > SurveyedSeries.maximumSeries
            || series.table.nameBytes > SurveyedSeries.maximumNameBytes
        {
            throw ImportError.tooManySeries(path: path, limit: SurveyedSeries.maximumSeries)
        }
    }

    mutating func reject(_: String, line _: Int, text _: UnsafeRawBufferPointer) {
        rows &+= 1
    }

    func advanced(bytesRead: Int) throws {
        try report(bytesRead, rows)
    }

    /// Whether a time is a number that the unit assumed here cannot take, and the file's unit may.
    private func isNumber(_ time: Field) -> Bool { TimeParser.magnitude(time.base, time.count) != nil }

    private func isMissing(_ row: borrowing Row, _ entry: Int, _ series: SurveyedSeries) -> Bool {
        let number: Int
        if let known = series.table[entry].missing {
            number = known
        } else {
            number = missing.number(ofPoint: row.point)
            series.table[entry].missing = number
        }
        return missing.contains(row.value, number: number)
    }
}
