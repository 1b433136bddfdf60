// StoreMetricsTests.swift — the metrics of a store say what it did.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveServer
@testable import VarveStorage

@Suite struct StoreMetricsTests {
    /// The value of each metric.
    private func values(_ metrics: TextMetrics) -> [String: String] {
        let lines = metrics.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        return Dictionary(
            uniqueKeysWithValues: lines.map {
                let parts = $0.split(separator: " ")
                return (String(parts[0].dropFirst("varve_".count)), String(parts[1]))
            })
    }

    @Test("every metric has a sentence of help, and every sentence a metric")
    func help() {
        let metrics = TextMetrics(help: StoreMetrics.help)
        _ = StoreMetrics(metrics)
        let lines = metrics.text.split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("# TYPE") }.count == StoreMetrics.help.count)
        #expect(lines.filter { $0.hasPrefix("# HELP") }.count == StoreMetrics.help.count)
    }

    @Test("rows are counted by their outcome, and a replay does not count as a commit")
    func commits() throws {
        let folder = try TemporaryFolder()
        let text = TextMetrics()
        let store = try ServiceStore(path: folder.path, metrics: StoreMetrics(text))
        defer { try? store.close() }
        _ = try store.commit(Messages.batch(0..<10))
        _ = store.commit(group: [Messages.batch(0..<10), Messages.batch(5..<15)])
        store.measure()
        let values = values(text)
        #expect(values["commits_total"] == "2" && values["replays_total"] == "1")
        #expect(values["rows_total{outcome=\"accepted\"}"] == "15")
        #expect(values["rows_total{outcome=\"identical\"}"] == "5")
        #expect(values["rows_total{outcome=\"replayed\"}"] == "10")
        #expect(values["rows_total{outcome=\"corrected\"}"] == "0")
        #expect(values["commit_seconds_count"] == "2")
        #expect(values["commit"] == "2" && values["samples"] == "15" && values["series"] == "1")
        #expect(values["segments"] == "0" && values["memtable_bytes"] != "0")
    }

    @Test("a failed write is counted once, and so is the opening of the store after it")
    func failures() throws {
        let folder = try TemporaryFolder()
        let disk = FailingDisk()
        let text = TextMetrics()
        let store = try ServiceStore(path: folder.path, files: disk, metrics: StoreMetrics(text))
        defer { try? store.close() }
        _ = try store.commit(Messages.batch(0..<10))
        disk.isFull = true
        for _ in 0..<3 {
            #expect(throws: (any Error).self) { try store.commit(Messages.batch(10..<20)) }
        }
        #expect(values(text)["write_failures_total"] == "1" && values(text)["reopenings_total"] == "0")
        #expect(values(text)["commits_total"] == "1")
        disk.isFull = false
        _ = try store.commit(Messages.batch(10..<20))
        #expect(values(text)["write_failures_total"] == "1" && values(text)["reopenings_total"] == "1")
        #expect(values(text)["commits_total"] == "2")
    }

    @Test("a merge reports its bytes and, while it runs, its progress; giving one up changes nothing")
    func merges() throws {
        let folder = try TemporaryFolder()
        let text = TextMetrics()
        let store = try ServiceStore(path: folder.path, metrics: StoreMetrics(text))
        defer { try? store.close() }
        for number in 0..<8 {
            _ = try store.commit(Messages.batch(number * 10..<number * 10 + 10))
            try store.flush()
        }
        let stopping = MergePace(bytesPerSecond: 1)
        stopping.stop()
        #expect(throws: MergePace.Stopped.self) {
            _ = try store.compactIfDue { try stopping.waitForBudget($0) }
        }
        store.measure()
        #expect(values(text)["segments"] == "8" && values(text)["merges_total"] == "0")
        let report = try #require(try store.compactIfDue())
        store.measure()
        #expect(report.segments == 8)
        #expect(values(text)["segments"] == "1" && values(text)["merges_total"] == "1")
        #expect(values(text)["merge_read_bytes_total"] == "\(report.bytesIn)")
        #expect(values(text)["merge_written_bytes_total"] == "\(report.bytesOut)")
        #expect(values(text)["merge_samples"] == "0" && values(text)["merge_samples_done"] == "0")
        var amplification = Double(values(text)["write_amplification"] ?? "") ?? 0
        #expect(amplification > 1 && amplification < 3)
        var seen: [String] = []
        _ = try store.commit(Messages.batch(80..<90))
        _ = try store.compact { _, _ in seen.append(self.values(text)["merge_samples"] ?? "") }
        #expect(seen == ["90"])
        store.measure()
        amplification = Double(values(text)["write_amplification"] ?? "") ?? 0
        #expect(amplification > 1)
    }
}
