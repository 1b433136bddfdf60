// TextMetrics.swift — the service's metrics, kept in memory and written as text on request.
//
// The format is Prometheus' text exposition format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
//
// Invariants:
// - A name has one type: the type of the first metric that was made with it.
// - Numbers are doubles, so counts are exact up to 2^53.

import CoreMetrics
import Synchronization

/// A swift-metrics backend.
final class TextMetrics: MetricsFactory, Sendable {
    private enum Kind: String {
        case counter, gauge, summary
    }

    private struct Family {
        var kind: Kind
        /// The values by their labels, in the written form.
        var cells: [String: Cell] = [:]
    }

    private let families = Mutex<[String: Family]>([:])
    private let help: [String: String]

    /// Makes a backend without metrics.
    ///
    /// - Parameter help: The help sentences by the names of metrics; a name may have none.
    init(help: [String: String] = [:]) {
        self.help = help
    }

    /// All metrics as text, sorted by name.
    var text: String {
        families.withLock { families in
            families.sorted { $0.key < $1.key }.map { name, family in
                let about = help[name].map { "# HELP \(name) \($0)\n" } ?? ""
                let cells = family.cells.sorted { $0.key < $1.key }
                let lines = cells.map { Self.lines(name, $0.key, $0.value, family.kind) }
                return about + "# TYPE \(name) \(family.kind.rawValue)\n" + lines.joined()
            }.joined()
        }
    }

    private static func lines(_ name: String, _ labels: String, _ cell: Cell, _ kind: Kind) -> String {
        let (sum, count) = cell.content
        guard kind == .summary else { return "\(name)\(labels) \(number(sum))\n" }
        return "\(name)_sum\(labels) \(number(sum))\n\(name)_count\(labels) \(count)\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    private func cell(_ label: String, _ dimensions: [(String, String)], _ kind: Kind) -> Cell {
        let name = Self.name(label)
        let labels = dimensions.map { "\(Self.name($0.0))=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        let key = labels.isEmpty ? "" : "{\(labels)}"
        return families.withLock { families in
            if let known = families[name]?.cells[key] { return known }
            let cell = Cell()
            families[name, default: Family(kind: kind)].cells[key] = cell
            return cell
        }
    }

    /// A name in which `_` replaces every character that the format does not allow.
    private static func name(_ label: String) -> String {
        String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
    }

    private static func escaped(_ value: String) -> String {
        value.map { character in
            switch character {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n", "\r\n": "\\n"
            default: String(character)
            }
        }.joined()
    }

    // MARK: - MetricsFactory

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        cell(label, dimensions, .counter)
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        cell(label, dimensions, .gauge)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        cell(label, dimensions, aggregate ? .summary : .gauge)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        cell(label, dimensions, .summary)
    }

    // Nothing is destroyed: a metric that is made again goes on with its count.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}

/// One number, or the sum and the count of many; a timer counts in seconds.
private final class Cell: CounterHandler, MeterHandler, RecorderHandler, TimerHandler, Sendable {
    private let state = Mutex<(sum: Double, count: UInt64)>((0, 0))

    var content: (sum: Double, count: UInt64) { state.withLock { $0 } }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { state.withLock { $0.sum += amount } }
    func decrement(by amount: Double) { increment(by: -amount) }
    func reset() { state.withLock { $0 = (0, 0) } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLock { $0.sum = value } }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        state.withLock {
            $0.sum += value
            $0.count += 1
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
