// Survey.swift — the first reading of an input: is it complete, what do its numeric times mean, what does it name?
//
// Invariants:
// - A damaged file fails here, before anything is registered or committed.
// - The limits of `SurveyedSeries` bound the memory.

import VarveModel
import VarveText

/// The series that the inputs of one run name, with the kinds of their values.
final class SurveyedSeries {
    /// The most series that a run can register.
    static let maximumSeries = 1 << 18
    /// The most bytes of the names of all series.
    static let maximumNameBytes = 24 << 20

    /// What is known about a series.
    struct Entry {
        var census = ValueCensus()
        /// Its number in `MissingReadings`; nil until it is looked up.
        var missing: Int32?
    }

    private var table = SeriesTable<Entry>(empty: Entry())
    private var examples: [Int: ValueExample] = [:]

    /// Sets what a survey found.
    fileprivate func setFindings(_ found: consuming SeriesTable<Entry>, _ examples: [Int: ValueExample]) {
        table = found
        self.examples = examples
    }

    /// A series as the inputs name it.
    struct Named {
        /// The product that the rows name; empty if they name none.
        var product: String
        var device: String
        var point: String
        var census: ValueCensus
        /// One of its values that are not numbers; nil if there are no such values or none was kept.
        var example: ValueExample?
    }

    /// The series.
    ///
    /// Series whose names are not valid UTF-8 are left out; the import rejects their rows.
    func all() -> [Named] {
        (0..<table.count).compactMap { entry in
            table.names(of: entry).map {
                Named(
                    product: $0.product, device: $0.device, point: $0.point, census: table[entry].census,
                    example: examples[entry])
            }
        }
    }
}

/// The series of all inputs of a run that could be read to their end.
struct NamedSeries {
    private var censuses: [SeriesKey: ValueCensus] = [:]
    private var examples: [SeriesKey: ValueExample] = [:]
    private var nameBytes = 0

    /// Adds the series of an input.
    ///
    /// - Throws: `ImportError.tooManySeries`; the input's series are not added then.
    mutating func add(_ series: SurveyedSeries, path: String) throws(ImportError) {
        let all = series.all()
        let new = all.filter { censuses[Self.key($0)] == nil }
        let bytes = new.reduce(0) { $0 + $1.product.utf8.count + $1.device.utf8.count + $1.point.utf8.count }
        guard censuses.count + new.count <= SurveyedSeries.maximumSeries,
            nameBytes + bytes <= SurveyedSeries.maximumNameBytes
        else { throw .tooManySeries(path: path, limit: SurveyedSeries.maximumSeries) }
        nameBytes += bytes
        for one in all {
            let key = Self.key(one)
            censuses[key, default: ValueCensus()].add(one.census)
            guard let example = one.example else { continue }
            guard examples[key] != nil || examples.count < ValueExample.maximumCount else { continue }
            examples[key] = ValueExample.better(examples[key], example)
        }
    }

    /// The series, in the order of their names.
    var all: [SurveyedSeries.Named] {
        censuses.sorted { $0.key < $1.key }.map {
            SurveyedSeries.Named(
                product: $0.key.product, device: $0.key.device, point: $0.key.point, census: $0.value,
                example: examples[$0.key])
        }
    }

    private static func key(_ one: SurveyedSeries.Named) -> SeriesKey {
        SeriesKey(product: one.product, device: one.device, point: one.point)
    }
}

/// Examines rows without importing them.
struct Survey: ~Copyable, RowConsumer {
    private let path: String
    private let missing: MissingReadings
    private let hasMissing: Bool
    private let collects: Bool
    private let report: (Int, UInt64) throws -> Void
    private var table = SeriesTable(empty: SurveyedSeries.Entry())
    private var examples: [Int: ValueExample] = [:]
    private var times: TimeParser
    private var terms = RowTerms()
    private var outcome = TimeParser.Outcome.failed
    private(set) var census = TimeCensus()
    private var rows: UInt64 = 0

    /// Makes a survey.
    ///
    /// - Parameters:
    ///   - collectsSeries: Whether the series are needed, for `--register`.
    ///   - report: Gets the bytes read and the rows seen so far, once per buffer.
    init(
        path: String, options: ImportOptions, collectsSeries: Bool,
        report: @escaping (_ bytesRead: Int, _ rows: UInt64) throws -> Void
    ) {
        self.path = path
        self.report = report
        collects = collectsSeries
        missing = options.missing
        hasMissing = !options.missing.isEmpty
        // Any unit will do to tell numbers from texts that are no time; the import checks the range.
        times = TimeParser(NumericTimes(unit: options.timeUnit ?? .nanoseconds))
    }

    mutating func take(_ row: borrowing Row) throws {
        if !row.continuesLine {
            rows &+= 1
            census.add(row.time.base, row.time.count)
            if collects { outcome = times.parse(row.time.base, row.time.count) }
        }
        guard collects else { return }
        if outcome == .failed, !isNumber(row.time) { return }
        guard terms.check(row) == nil else { return }
        let entry = table.find(row.product, row.device, row.point)
        if hasMissing, isMissing(row, entry) { return }
        if let declared = terms.declaredType {
            table[entry].census.add(.declared(declared))
        } else {
            let kind = TypeCensus(row.value)
            if !kind.isDisjoint(with: TypeCensus.numbers) {
                table[entry].census.add(number: kind)
            } else if !kind.isEmpty {
                addOther(kind, row.value, entry)
            }
        }
        if table.count > SurveyedSeries.maximumSeries || table.nameBytes > SurveyedSeries.maximumNameBytes {
            throw ImportError.tooManySeries(path: path, limit: SurveyedSeries.maximumSeries)
        }
    }

    /// Counts a value that is not a number, and keeps it as an example if it is the first of its kind.
    @inline(never)
    private mutating func addOther(_ kind: TypeCensus, _ field: Field, _ entry: Int) {
        let isKnown = table[entry].census.kinds.isSuperset(of: kind)
        table[entry].census.add(kind)
        guard !isKnown, let example = ValueExample(field, kind) else { return }
        guard examples[entry] != nil || examples.count < ValueExample.maximumCount else { return }
        examples[entry] = ValueExample.better(examples[entry], example)
    }

    mutating func reject(_: String, line _: Int, text _: UnsafeRawBufferPointer) {
        rows &+= 1
    }

    func advanced(bytesRead: Int) throws {
        try report(bytesRead, rows)
    }

    /// Whether a time is a number that is out of range in the unit assumed here but may be valid in the file's unit.
    private func isNumber(_ time: Field) -> Bool { TimeParser.magnitude(time.base, time.count) != nil }

    /// Hands over the series found.
    consuming func finish(into series: SurveyedSeries) { series.setFindings(table, examples) }

    private mutating func isMissing(_ row: borrowing Row, _ entry: Int) -> Bool {
        let number: Int
        if let known = table[entry].missing {
            number = Int(known)
        } else {
            number = missing.number(ofPoint: row.point)
            table[entry].missing = Int32(number)
        }
        return missing.contains(row.value, number: number)
    }
}
