// Figure.swift — the results of several runs of one measurement.

/// The results of the runs of one measurement, in its unit.
struct Figure {
    private var runs: [Double] = []

    init(_ runs: [Double] = []) {
        self.runs = runs.sorted()
    }

    var isEmpty: Bool { runs.isEmpty }
    var minimum: Double { runs.first ?? .nan }
    var maximum: Double { runs.last ?? .nan }

    /// The middle run, or the mean of the two middle ones.
    var median: Double {
        guard !runs.isEmpty else { return .nan }
        let middle = runs.count / 2
        return runs.count % 2 == 1 ? runs[middle] : (runs[middle - 1] + runs[middle]) / 2
    }

    mutating func add(_ run: Double) {
        runs.append(run)
        runs.sort()
    }

    /// The runs converted to another unit.
    func map(_ convert: (Double) -> Double) -> Figure { Figure(runs.map(convert)) }

    /// `median (minimum–maximum)`, or the one value if all are equal.
    var text: String {
        if runs.isEmpty { return "–" }
        if runs.count == 1 || minimum == maximum { return Self.number(median) }
        return "\(Self.number(median)) (\(Self.number(minimum))–\(Self.number(maximum)))"
    }

    /// Three significant digits; from 100 on a whole number.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let size = abs(value)
        let decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4
        return fixed(value, decimals: decimals)
    }

    /// A number with so many decimals.
    static func fixed(_ value: Double, decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let whole = Int((abs(value) * scale).rounded())
        let digits = String(whole)
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let sign = value < 0 && whole > 0 ? "-" : ""
        if decimals == 0 { return sign + padded }
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }
}

/// The bound that a figure should reach.
enum Goal {
    case atLeast(Double)
    case atMost(Double)
    case below(Double)

    var text: String {
        switch self {
        case .atLeast(let bound): "≥ \(Self.short(bound))"
        case .atMost(let bound): "≤ \(Self.short(bound))"
        case .below(let bound): "< \(Self.short(bound))"
        }
    }

    func isMet(by value: Double) -> Bool {
        switch self {
        case .atLeast(let bound): value >= bound
        case .atMost(let bound): value <= bound
        case .below(let bound): value < bound
        }
    }

    private static func short(_ bound: Double) -> String {
        bound == bound.rounded() ? Figure.fixed(bound, decimals: 0) : "\(bound)"
    }
}
