// Survey.swift — the first reading of an input: is it whole, what unit do its times have, what does it name?
//
// Invariants:
// - A damaged file fails here, before anything is registered or committed.
// - Memory is bounded by `maximumSeries` and `maximumNameBytes`, whatever the input names.

import VarveModel

/// What the first reading found.
struct SurveyFindings {
    /// What the integer times look like.
    var times = TimeCensus()
    /// The series named and what their values are; empty unless asked for.
    var series: [NamedSeries] = []

    /// A series as the input names it.
    struct NamedSeries {
        /// The product that a row names; empty for none.
        var product: String
        var device: String
        var point: String
        var census: TypeCensus
    }
}

/// Takes note of rows without importing them.
struct Survey: ~Copyable, RowConsumer {
    /// The most series that an import can register.
    static let maximumSeries = 1 << 18
    /// The most bytes that their names can have.
    static let maximumNameBytes = 24 << 20

    private let path: String
    private let collectsNames: Bool
    private let report: (Int, UInt64) throws -> Void
    private var terms: RowTerms
    private var times = TimeCensus()
    private var table = SeriesTable<TypeCensus>(empty: [])
    private var rows: UInt64 = 0

    /// Makes a survey.
    ///
    /// - Parameter report: Is told bytes and rows once per buffer.
    init(
        path: String, options: ImportOptions,
        report: @escaping (_ bytesRead: Int, _ rows: UInt64) throws -> Void
    ) {
        self.path = path
        self.report = report
        collectsNames = options.registers
        // Any unit will do to tell an integer from what is no time; the range is checked at import.
        terms = RowTerms(unit: options.timeUnit ?? .nanoseconds, zone: options.zone)
    }

    mutating func take(_ row: borrowing Row) throws {
        rows &+= 1
        guard terms.check(row) == nil else { return }
        if !row.continuesLine { countTime(row.time) }
        guard collectsNames else { return }
        let entry = table.find(row.product, row.device, row.point)
        var seen = TypeCensus(row.value)
        if let declared = terms.declaredType { seen = .declared(declared) }
        let known = table[entry]
        if !known.isSuperset(of: seen) { table[entry] = known.union(seen) }
        if table.count > Self.maximumSeries || table.nameBytes > Self.maximumNameBytes {
            throw ImportError.tooManySeries(path: path, limit: Self.maximumSeries)
        }
    }

    mutating func reject(_: String, line _: Int, text _: UnsafeRawBufferPointer) {
        rows &+= 1
    }

    func advanced(bytesRead: Int) throws {
        try report(bytesRead, rows)
    }

    /// What was found; a name that is not valid UTF-8 is left to be rejected.
    func findings() -> SurveyFindings {
        var findings = SurveyFindings(times: times)
        for entry in 0..<table.count {
            guard let names = table.names(of: entry) else { continue }
            findings.series.append(
                .init(
                    product: names.product, device: names.device, point: names.point, census: table[entry]))
        }
        return findings
    }

    @inline(__always)
    private mutating func countTime(_ time: Field) {
        // A date has its first dash at 4; an integer time has digits there or is shorter.
        if time.count > 4, time.base[4] == 0x2D { return }
        if case .value(let value) = TimeParser.integer(time.base, time.count) {
            times.add(integer: value)
        }
    }
}
