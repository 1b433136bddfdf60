// StatsCommand.swift — `varve stats`: what a store holds and how large it is.

import ArgumentParser
import VarveControl
import VarveFile
import VarveModel
import VarveStorage
import VarveText

struct StatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show what the store holds and what it takes on disk.",
        discussion: """
            With --metrics it asks the running service for what it counts, in the text format of Prometheus: commits
            and rows, failed writes, merges and how far the running one is, messages, answers, connections and what the
            message log lost.

            Examples:
              varve stats --json
              varve stats --metrics
            """)

    @OptionGroup var data: DataOptions
    @Flag(help: "Print one JSON object.") var json = false
    @Flag(help: "Print the metrics of the running service.") var metrics = false

    func validate() throws {
        if json, metrics { throw ValidationError("--metrics has a format of its own: leave --json out") }
    }

    func run() throws {
        if metrics { return print(try runningMetrics(), terminator: "") }
        let statistics = try data.openStore(to: .read).statistics()
        let registry = try size(data.registryPath) + size(data.registryPath + "-wal")
        let log = try size(data.logPath) + size(data.logPath + "-wal")
        if json {
            print(object(statistics, registry: registry, log: log).line())
        } else {
            print(text(statistics, registry: registry, log: log), terminator: "")
        }
    }

    private func runningMetrics() throws -> String {
        guard let service = try RunningService.connect(data) else {
            throw NoService(path: data.path)
        }
        return try service.metrics()
    }

    private func size(_ path: String) throws -> UInt64 {
        guard case .file(let size)? = try POSIXFileSystem().kind(path) else { return 0 }
        return UInt64(size)
    }

    private func object(_ statistics: StoreStatistics, registry: UInt64, log: UInt64) -> JSONText {
        let codecs = shares(statistics).map {
            ($0.name, JSONText.double(($0.share * 10_000).rounded() / 10_000))
        }
        let lz4 = (lz4Share(statistics) * 10_000).rounded() / 10_000
        return .object([
            ("series", .integer(Int64(statistics.series))), ("samples", .integer(Int64(statistics.samples))),
            ("segments", .integer(Int64(statistics.segments))), ("bytes", .integer(Int64(statistics.bytes))),
            ("historyBytes", .integer(Int64(statistics.historyBytes))),
            ("historySamples", .integer(Int64(statistics.historySamples))),
            ("walBytes", .integer(Int64(statistics.walBytes))), ("registryBytes", .integer(Int64(registry))),
            ("logBytes", .integer(Int64(log))),
            ("bytesPerSample", statistics.bytesPerSample.map(JSONText.double) ?? .null),
            ("codecs", .object(codecs)),
            ("lz4Share", .double(lz4)),
            ("firstTime", .optional(statistics.firstTime?.description)),
            ("lastTime", .optional(statistics.lastTime?.description)),
            ("commit", .integer(Int64(statistics.commit))),
            ("historyFromCommit", .integer(Int64(statistics.historyFrom))),
            ("historyFromTime", .optional(statistics.historyTime?.description)),
            ("bytesTaken", .integer(Int64(statistics.bytesTaken))),
            ("bytesMerged", .integer(Int64(statistics.bytesMerged))),
            (
                "writeAmplification",
                statistics.writeAmplification.map { .double(($0 * 1000).rounded() / 1000) } ?? .null
            ),
        ])
    }

    private func text(_ statistics: StoreStatistics, registry: UInt64, log: UInt64) -> String {
        var lines = [
            ("series", ImportSummary.grouped(UInt64(statistics.series))),
            ("samples", ImportSummary.grouped(statistics.samples)),
            ("segments", ImportSummary.grouped(UInt64(statistics.segments))),
            ("bytes", ImportSummary.grouped(statistics.bytes)),
        ]
        if let each = statistics.bytesPerSample {
            lines.append(("bytes per sample", "\(Int(each)).\(thousandths(each))"))
        }
        if statistics.historySamples > 0 {
            let samples = ImportSummary.grouped(statistics.historySamples)
            lines.append(
                ("older or deleted", "\(samples), \(ImportSummary.grouped(statistics.historyBytes)) bytes"))
        }
        lines.append(("registry bytes", ImportSummary.grouped(registry)))
        if log > 0 { lines.append(("log bytes", ImportSummary.grouped(log))) }
        if let first = statistics.firstTime, let last = statistics.lastTime {
            lines.append(("time", "\(first) to \(last)"))
        }
        lines.append(("newest commit", ImportSummary.grouped(statistics.commit)))
        if statistics.historyFrom > 0 {
            let time = statistics.historyTime.map { ", \($0)" } ?? ""
            lines.append(("states from commit", ImportSummary.grouped(statistics.historyFrom) + time))
        }
        if let written = statistics.writeAmplification {
            lines.append(("written", "\(ImportSummary.decimal(written)) times, merges included"))
        }
        for (name, share) in shares(statistics).prefix(6) {
            lines.append(("codec", "\(ImportSummary.decimal(share * 100)) %  \(name)"))
        }
        lines.append(("LZ4", "\(ImportSummary.decimal(lz4Share(statistics) * 100)) % of the encoded bytes"))
        let width = (lines.map(\.0.count).max() ?? 0) + 2
        return lines.map { $0.0 + String(repeating: " ", count: width - $0.0.count) + $0.1 + "\n" }.joined()
    }

    private func thousandths(_ value: Double) -> String {
        let digits = String(Int(value * 1000) % 1000)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// The share of the encoded bytes that are LZ4 blocks.
    private func lz4Share(_ statistics: StoreStatistics) -> Double {
        shares(statistics).filter { $0.name.hasSuffix("+ LZ4") }.reduce(0) { $0 + $1.share }
    }

    /// Encodings with their share of the encoded bytes, the largest first.
    private func shares(_ statistics: StoreStatistics) -> [(name: String, share: Double)] {
        let total = statistics.codecs.values.reduce(0, +)
        guard total > 0 else { return [] }
        return statistics.codecs.map { ($0.key, Double($0.value) / Double(total)) }
            .sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }
    }
}

/// `--metrics` is given, but no service runs on the directory.
private struct NoService: Error, CustomStringConvertible {
    let path: String

    var description: String {
        "no service runs on \(path), and metrics are what a running one counts: start it with varve serve"
    }
}
