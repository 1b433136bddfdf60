// DigestComparison.swift — whether a store has the samples of a file, compared by day.
//
// Each series is compared from its first to its last sample in the file. The store may hold more before and after.
//
// Invariants:
// - "Equal" means that the store has every sample of the file and no other samples in that time.
// - The file's series have the keys and types of the store (see StoredPoints).

import VarveModel
import VarveQuery
import VarveStorage
import VarveText

/// Compares the samples of files with those of a store.
struct DigestComparison {
    /// A UTC day of a series whose samples differ.
    struct Difference {
        var series: PrintedSeries
        var day: Timestamp
        var inFile: UInt64
        var inStore: UInt64
    }

    private let store: StoreSnapshot
    private let known: [SeriesKey: SeriesInfo]

    private(set) var differences: [Difference] = []
    /// How many series of the file were compared, and how many samples they have there.
    private(set) var series = 0
    private(set) var samples: UInt64 = 0

    init(_ store: StoreSnapshot) {
        self.store = store
        known = Dictionary(uniqueKeysWithValues: store.series().map { ($0.key, $0) })
    }

    /// Compares a series of the file with the store, and keeps the days that differ.
    ///
    /// Cost: reads and hashes the samples of the series in both.
    ///
    /// - Throws: The errors of reading.
    mutating func compare(
        _ selected: SelectedSeries, of file: StoreSnapshot, in range: TimeRange
    ) throws {
        var days: [Timestamp: SampleDigest] = [:]
        var ends: (first: Timestamp, last: Timestamp)?
        try file.digests(of: selected.info, in: range) { day in
            days[day.day] = day.digest
            ends = (ends?.first ?? day.first, day.last)
        }
        guard let ends else { return }
        let last = ends.last.nanoseconds
        let span = TimeRange(from: ends.first, to: last == .max ? nil : Timestamp(nanoseconds: last + 1))
        series += 1
        samples += days.values.reduce(0) { $0 + $1.samples }
        var others: [Timestamp: SampleDigest] = [:]
        if let counterpart = known[selected.info.key] {
            try store.digests(of: counterpart, in: span) { others[$0.day] = $0.digest }
        }
        for day in Set(days.keys).union(others.keys).sorted() where days[day] != others[day] {
            differences.append(
                Difference(
                    series: selected.printed, day: day, inFile: days[day]?.samples ?? 0,
                    inStore: others[day]?.samples ?? 0))
        }
    }

    /// The differences in one of the forms.
    ///
    /// A table without differences is empty.
    func text(_ format: DigestFormat) -> String {
        let names = ["device", "point", "day", "inFiles", "inStore"]
        let rows = differences.map { one in
            (
                name: [one.series.device, one.series.point], day: String(one.day.description.prefix(10)),
                counts: [one.inFile, one.inStore]
            )
        }
        switch format {
        case .table:
            guard !rows.isEmpty else { return "" }
            var table = TextTable(
                zip(names, [false, false, false, true, true]).map {
                    TextTable.Column(title: $0, isNumber: $1)
                })
            for row in rows { table.append(row.name + [row.day] + row.counts.map(ImportSummary.grouped)) }
            return table.text()
        case .csv:
            var bytes = Array((names.joined(separator: ",") + "\n").utf8)
            for row in rows {
                CSVRows.appendNames(row.name, to: &bytes)
                bytes += Array("\(row.day),\(row.counts[0]),\(row.counts[1])\n".utf8)
            }
            return String(decoding: bytes, as: UTF8.self)
        case .ndjson:
            return rows.map { row in
                let texts = zip(names, row.name + [row.day]).map { ($0, JSONText.string($1)) }
                let counts = zip(names.dropFirst(3), row.counts).map { ($0, JSONText.integer(Int64($1))) }
                return JSONText.object(texts + counts).line() + "\n"
            }.joined()
        }
    }
}
