// StoreMetrics.swift — what the service counts about its store, and under which names.
//
// Counters begin at 0 with the process. The gauges of the store's size are set when metrics are asked for
// (ServiceStore.measure).

import CoreMetrics
import VarveFile
import VarveModel
import VarvePlatform
import VarveStorage

/// The metrics of a store; see `help` for what each means.
public final class StoreMetrics: Sendable {
    static let help = [
        "varve_commits_total": "Batches acknowledged, replays not counted.",
        "varve_replays_total": "Batches acknowledged that were committed before.",
        "varve_rows_total": "Samples of acknowledged batches by what they did.",
        "varve_commit_seconds": "Time from a group of messages, or a batch, to its sync.",
        "varve_write_failures_total":
            "Failed writes or syncs after which nothing is acknowledged until the store is opened again.",
        "varve_reopenings_total": "Times the store was opened again after a failed write.",
        "varve_merges_total": "Runs of the compaction that merged something.",
        "varve_merge_read_bytes_total": "Bytes of the segments that were merged.",
        "varve_merge_written_bytes_total": "Bytes of the segments that merges wrote.",
        "varve_merge_samples": "Samples of the merge that is running; 0 if none is.",
        "varve_merge_samples_done": "Samples of the running merge that are done.",
        "varve_erased_samples_total": "Deleted samples and old versions that merges left out.",
        "varve_commit": "The newest acknowledged commit.",
        "varve_series": "Series in the store.",
        "varve_samples": "Distinct samples in the store.",
        "varve_segments": "Segment files.",
        "varve_segment_bytes": "Bytes of the segment files.",
        "varve_memtable_bytes": "About the bytes of samples that are in the WAL only.",
        "varve_write_amplification": "Bytes written to segments, merges included, for each byte of new data.",
    ]

    private let commits: Counter
    private let replays: Counter
    /// In the order of `outcomes`.
    private let samples: [Counter]
    private let commitSeconds: Timer
    private let failures: Counter
    private let reopenings: Counter
    private let merges: Counter
    private let mergeRead: Counter
    private let mergeWritten: Counter
    private let erased: Counter
    private let mergeSamples: Meter
    private let mergeDone: Meter
    private let gauges: [Meter]

    /// Metrics that are counted nowhere.
    public convenience init() { self.init(NOOPMetricsHandler.instance) }

    init(_ factory: any MetricsFactory) {
        func counter(_ name: String, _ outcome: String? = nil) -> Counter {
            Counter(
                label: "varve_\(name)_total", dimensions: outcome.map { [("outcome", $0)] } ?? [],
                factory: factory)
        }
        func gauge(_ name: String) -> Meter { Meter(label: "varve_\(name)", factory: factory) }
        commits = counter("commits")
        replays = counter("replays")
        samples = Self.outcomes(Receipt()).map { counter("rows", $0.name) }
        commitSeconds = Timer(label: "varve_commit_seconds", factory: factory)
        failures = counter("write_failures")
        reopenings = counter("reopenings")
        merges = counter("merges")
        mergeRead = counter("merge_read_bytes")
        mergeWritten = counter("merge_written_bytes")
        erased = counter("erased_samples")
        mergeSamples = gauge("merge_samples")
        mergeDone = gauge("merge_samples_done")
        gauges = Self.gaugeNames.map(gauge)
    }

    private static let gaugeNames = [
        "commit", "series", "samples", "segments", "segment_bytes", "memtable_bytes", "write_amplification",
    ]

    /// The outcomes that samples can have in the store, and how many samples of a batch had each.
    private static func outcomes(_ receipt: Receipt) -> [(name: String, count: UInt64)] {
        [
            ("accepted", receipt.accepted), ("identical", receipt.identical),
            ("corrected", receipt.corrected), ("superseded", receipt.superseded),
            ("expired", receipt.expired), ("replayed", receipt.replayed),
        ]
    }

    func count(_ outcome: BatchOutcome) {
        (outcome.isReplay ? replays : commits).increment()
        for (counter, (_, count)) in zip(samples, Self.outcomes(outcome.receipt)) {
            counter.increment(by: count)
        }
    }

    /// Runs a commit and notes how long it took, also if it fails.
    func timing<T>(_ body: () throws -> T) rethrows -> T {
        let start = SystemClock.monotonicNanoseconds()
        defer { commitSeconds.recordNanoseconds(SystemClock.monotonicNanoseconds() - start) }
        return try body()
    }

    func countFailure() { failures.increment() }
    func countReopening() { reopenings.increment() }

    /// Runs a merge and counts what it did; `body` gets a closure that takes samples done and samples in all.
    func merging(_ body: ((UInt64, UInt64) -> Void) throws -> CompactionReport) rethrows -> CompactionReport {
        defer {
            mergeSamples.set(0)
            mergeDone.set(0)
        }
        let report = try body { done, total in
            mergeSamples.set(total)
            mergeDone.set(done)
        }
        guard report.segments > 0 else { return report }
        merges.increment()
        mergeRead.increment(by: report.bytesIn)
        mergeWritten.increment(by: report.bytesOut)
        erased.increment(by: report.dropped + report.deleted)
        return report
    }

    func set(_ size: StoreSize, commit: UInt64) {
        let taken = Double(size.bytesTaken)
        let values: [Double] = [
            Double(commit), Double(size.series), Double(size.samples), Double(size.segments),
            Double(size.segmentBytes), Double(size.memtableBytes),
            taken == 0 ? 0 : (taken + Double(size.bytesMerged)) / taken,
        ]
        for (gauge, value) in zip(gauges, values) { gauge.set(value) }
    }
}
