// ExpiredRows.swift — finds rows of a batch that are too old for retention, and the hash for such a batch.
//
// Such rows are not stored. A batch with such rows is remembered by its content hash with marks. A mark has the number
// of these rows of one part of a product: of those series of the batch that are kept equally long. The batch is a replay
// as long as at least these rows are too old. Once a rule is widened or removed, fewer rows are too old, the mark no
// longer fits, and the batch is applied again. If rules divide a product into other parts than before, the marks differ,
// and the batch is applied again too: the number of rows would not say which rows they were.
//
// Invariants:
// - The limit of a point depends only on the writer's clock and the rules at the commit.
// - Rules by arrival refuse no row here, as the rows arrive only now.
// - No value of an attribute is too old, as it may be what the attribute is now.
// - Of one part, a number of rows has one meaning: the oldest ones.

import VarveCodec
import VarveModel

/// The limits of all products and points at one time.
struct RetentionLimits: Sendable {
    private let rules: [Name: ProductRetention]
    private let now: Int64

    /// Creates the limits of some rules at a time in nanoseconds since 1970 UTC.
    init(_ rules: [Name: ProductRetention], now: Int64) {
        self.rules = rules
        self.now = now
    }

    var isEmpty: Bool { rules.isEmpty }

    /// The rules of a product; nil if it keeps all times.
    func rules(of product: String) -> ProductRetention? { rules[Name(product)] }

    /// The first time that a term keeps; nil if it keeps all times.
    func limit(of term: RetentionTerm?) -> Int64? {
        guard case .from(let time)? = term?.period.limit(at: now) else { return nil }
        return time.nanoseconds
    }
}

/// The rows of a batch that are too old.
struct ExpiredRows {
    /// Those series of a product that are kept equally long.
    private struct Part {
        var count: UInt64
        /// Says which series these are, for the marks.
        var mark: UInt64
    }

    private var parts: [Part] = []
    /// The limit of each series of the batch, with the least time for none.
    ///
    /// Empty if nothing is too old.
    private var limits: [Int64] = []
    /// The rules that refuse these rows, each once.
    private(set) var rules: [String] = []

    /// The most marks that a search tries if several parts have rows that are too old.
    private static let tried: UInt64 = 1 << 20

    /// Finds the rows that are too old.
    init(_ series: [SeriesRows], _ limits: RetentionLimits) {
        guard !limits.isEmpty else { return }
        var found: [Group] = []
        var perSeries: [Int64] = []
        perSeries.reserveCapacity(series.count)
        var known: (product: String, rules: ProductRetention?)?
        for (index, rows) in series.enumerated() {
            if known.map({ !$0.product.sameBytes(as: rows.key.product) }) ?? true {
                known = (rows.key.product, limits.rules(of: rows.key.product))
            }
            let term = known?.rules?.term(of: rows.key.point)
            let limit = ReservedPoint.isAttribute(rows.key.point) ? nil : limits.limit(of: term)
            perSeries.append(limit ?? .min)
            // A product without rules has no parts.
            guard known?.rules != nil else { continue }
            var count: UInt64 = 0
            if let limit {
                count = rows.columns.times.reduce(into: UInt64(0)) { $0 &+= $1 < limit ? 1 : 0 }
                if count > 0, let term { note(term.rule) }
            }
            let seconds = limit == nil ? nil : term?.period.seconds
            Self.add(index, count, seconds, rows.key.product, to: &found)
        }
        guard found.contains(where: { $0.count > 0 }) else { return }
        self.limits = perSeries
        parts = found.filter { $0.count > 0 }.map { group in
            let isWhole = !found.contains {
                $0.seconds != group.seconds && $0.product.sameBytes(as: group.product)
            }
            return Part(count: group.count, mark: isWhole ? group.markOfProduct : group.mark(series))
        }
    }

    /// The series of a product that are kept equally long.
    private struct Group {
        var product: String
        /// Nil for series without a limit.
        var seconds: Int64?
        var count: UInt64
        /// Their indexes in the batch.
        var series: [Int]

        /// The mark if these are all series of the product in the batch.
        var markOfProduct: UInt64 { Array(product.utf8).withUnsafeBytes { Checksum.of($0) } }

        /// The mark that names the points.
        func mark(_ rows: [SeriesRows]) -> UInt64 {
            var bytes = Array(product.utf8)
            for point in Set(series.map { Name(rows[$0].key.point) }).sorted() {
                let name = Array(point.text.utf8)
                withUnsafeBytes(of: UInt32(truncatingIfNeeded: name.count).littleEndian) {
                    bytes.append(0)
                    bytes.append(contentsOf: $0)
                }
                bytes += name
            }
            return bytes.withUnsafeBytes { Checksum.of($0) }
        }
    }

    private static func add(
        _ index: Int, _ count: UInt64, _ seconds: Int64?, _ product: String, to groups: inout [Group]
    ) {
        // A batch has few groups: one for each product and period.
        let known = groups.firstIndex { $0.seconds == seconds && $0.product.sameBytes(as: product) }
        if let known {
            groups[known].count += count
            groups[known].series.append(index)
        } else {
            groups.append(Group(product: product, seconds: seconds, count: count, series: [index]))
        }
    }

    private mutating func note(_ rule: String) {
        if rules.count < BatchOutcome.namedRules, !rules.contains(rule) { rules.append(rule) }
    }

    var isEmpty: Bool { parts.isEmpty }

    /// The number of rows that are too old.
    var count: UInt64 { parts.reduce(0) { $0 + $1.count } }

    /// The other rows, with the same series in the same order.
    func remaining(of series: [SeriesRows]) -> [SeriesRows] {
        guard !isEmpty else { return series }
        return zip(series, limits).map { rows, limit in
            guard limit > .min else { return rows }
            var left = rows
            left.columns = rows.columns.from(limit)
            return left
        }
    }

    /// The hash by which the batch is remembered.
    func hash(of content: Hash128) -> Hash128 {
        parts.reduce(content) { $0.marked($1.mark, $1.count) }
    }

    /// Calls `body` with each hash by which the batch may be remembered, and the number of rows that were too old then,
    /// until it returns a value.
    ///
    /// At most as many rows were too old at the commit as now. Likely hashes come first. If several parts have very
    /// many such rows, not all combinations of their numbers are tried; a batch that is missed is applied again.
    func search<Found>(
        _ content: Hash128, _ body: (_ hash: Hash128, _ expired: UInt64) throws -> Found?
    ) rethrows -> Found? {
        if let found = try body(content, 0) { return found }
        guard !isEmpty else { return nil }
        if let found = try body(hash(of: content), count) { return found }
        var marks: UInt64 = 1
        for part in parts {
            let (product, overflow) = marks.multipliedReportingOverflow(by: part.count + 1)
            marks = overflow ? .max : product
        }
        if parts.count == 1 || marks <= Self.tried {
            return try search(parts[...], content, 0, body)
        }
        for index in parts.indices {
            if let found = try search(parts[index...index], content, 0, body) { return found }
        }
        return nil
    }

    private func search<Found>(
        _ parts: ArraySlice<Part>, _ hash: Hash128, _ expired: UInt64,
        _ body: (_ hash: Hash128, _ expired: UInt64) throws -> Found?
    ) rethrows -> Found? {
        guard let part = parts.first else { return try body(hash, expired) }
        for count in (0...part.count).reversed() {
            let marked = count == 0 ? hash : hash.marked(part.mark, count)
            if let found = try search(parts.dropFirst(), marked, expired + count, body) { return found }
        }
        return nil
    }
}

extension Hash128 {
    /// The hash with the mark of a part or of a policy; the order of marks has no effect.
    func marked(_ mark: UInt64, _ count: UInt64) -> Hash128 {
        let first = Self.mixed(mark &+ count &* 0x9E37_79B9_7F4A_7C15)
        return Hash128(low: low ^ first, high: high ^ Self.mixed(first))
    }

    /// The finishing step of SplitMix64.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

extension SampleColumns {
    /// The rows of a time and later.
    fileprivate func from(_ limit: Int64) -> SampleColumns {
        selecting(times.indices.filter { times[$0] >= limit })
    }
}
