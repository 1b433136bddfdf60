// DigestRows.swift — digests as a table, as CSV or as NDJSON.
//
// Invariants:
// - CSV and NDJSON rows are written as soon as they are known, so memory does not grow with the days of a series.

import VarveModel
import VarveQuery
import VarveStorage
import VarveText

/// What one row of a digest covers.
enum DigestGrouping: String, CaseIterable {
    /// One row for everything.
    case all
    /// One for each series.
    case series
    /// One for each UTC day of each series.
    case day
}

/// The forms in which digests are written.
enum DigestFormat: String, CaseIterable {
    case table, csv, ndjson
}

/// Writes digests.
struct DigestRows {
    private let grouping: DigestGrouping
    private let format: DigestFormat
    private let output: OutputBuffer
    private var table: TextTable
    private var total = SampleDigest()
    private var series = 0

    init(_ grouping: DigestGrouping, _ format: DigestFormat, to output: OutputBuffer) throws {
        self.grouping = grouping
        self.format = format
        self.output = output
        let names = Self.names(grouping)
        table = TextTable(names.map { TextTable.Column(title: $0, isNumber: $0 == "samples") })
        if format == .csv { try output.append(names.joined(separator: ",") + "\n") }
    }

    private static func names(_ grouping: DigestGrouping) -> [String] {
        switch grouping {
        case .all: ["samples", "digest"]
        case .series: ["device", "point", "samples", "digest"]
        case .day: ["device", "point", "day", "samples", "digest"]
        }
    }

    /// Adds the samples of a series in a range.
    ///
    /// A series without samples changes nothing.
    ///
    /// - Parameter advanced: Called after each day with the number of samples so far, earlier series included.
    /// - Throws: The errors of reading, and of writing the output.
    mutating func add(
        _ selected: SelectedSeries, in range: TimeRange, from source: some SampleSource,
        _ advanced: (_ samples: UInt64) -> Void
    ) throws {
        var digest = SampleDigest()
        try source.digests(of: selected.info, in: range) { day in
            digest.add(day.digest)
            advanced(total.samples + digest.samples)
            if grouping == .day { try write(selected.printed, day.day, day.digest) }
        }
        guard digest.samples > 0 else { return }
        if grouping == .series { try write(selected.printed, nil, digest) }
        total.add(digest, of: selected.info.key)
        series += 1
    }

    /// Writes the total, or the table with its last row, and flushes.
    ///
    /// - Throws: The errors of writing the output.
    mutating func end() throws {
        if grouping == .all {
            try write(nil, nil, total)
        } else if format == .table {
            var row: [String?] = ["all", "\(series) series"]
            if grouping == .day { row.append(nil) }
            table.append(row + Self.figures(total, isGrouped: true))
        }
        if format == .table { try output.append(table.text()) }
        try output.flush()
    }

    private static func figures(_ digest: SampleDigest, isGrouped: Bool) -> [String?] {
        [isGrouped ? ImportSummary.grouped(digest.samples) : "\(digest.samples)", digest.description]
    }

    private mutating func write(
        _ series: PrintedSeries?, _ day: Timestamp?, _ digest: SampleDigest
    ) throws {
        let date = day.map { String($0.description.prefix(10)) }
        switch format {
        case .table:
            let names = series.map { [$0.device, $0.point] } ?? []
            table.append(names + (date.map { [$0] } ?? []) + Self.figures(digest, isGrouped: true))
        case .csv:
            var line: [UInt8] = []
            if let series { CSVRows.appendNames([series.device, series.point], to: &line) }
            if let date { line += Array("\(date),".utf8) }
            try output.append(line + Array("\(digest.samples),\(digest)\n".utf8))
        case .ndjson:
            var members: [(String, JSONText)] = []
            if let series {
                members = [("device", .string(series.device)), ("point", .string(series.point))]
            }
            if let date { members.append(("day", .string(date))) }
            members += [("samples", .integer(Int64(digest.samples))), ("digest", .string("\(digest)"))]
            try output.append(JSONText.object(members).line() + "\n")
        }
    }
}
