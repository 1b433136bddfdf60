// ExpiredRows.swift — finds rows of a batch that are too old for retention, and the hash for such a batch.
//
// Such rows are not stored. A batch with such rows is remembered by its content hash with a mark: the number of these
// rows for each product. It is a replay as long as at least these rows are too old. Once a rule is widened or removed,
// fewer rows are too old, the mark no longer fits, and the batch is applied again.
//
// Invariants:
// - The limit of a product depends only on the writer's clock and the rule at the commit.
// - Rules by arrival refuse no row here, as the rows arrive only now.

import VarveCodec
import VarveModel

/// The limits of all products at one time.
struct RetentionLimits: Sendable {
    private let rules: [Name: ProductRetention]
    private let now: Int64

    /// Creates the limits of some rules at a time in nanoseconds since 1970 UTC.
    init(_ rules: [Name: ProductRetention], now: Int64) {
        self.rules = rules
        self.now = now
    }

    var isEmpty: Bool { rules.isEmpty }

    /// The first time that a product keeps, and the rule; nil if it keeps all times.
    func limit(of product: String) -> (time: Int64, rule: String)? {
        guard let retention = rules[Name(product)], case .from(let time)? = retention.period.limit(at: now)
        else {
            return nil
        }
        return (time.nanoseconds, retention.rule)
    }
}

/// The rows of a batch that are too old.
struct ExpiredRows {
    private struct Part {
        var product: String
        var limit: Int64
        var count: UInt64
        /// A hash of the product's name, for the marks.
        var mark: UInt64
    }

    /// Products with rows that are too old.
    private var parts: [Part] = []
    /// The rules that refuse these rows, each once.
    private(set) var rules: [String] = []

    /// The most marks that a search tries if rows of several products are too old.
    private static let tried: UInt64 = 1 << 20

    /// Finds the rows that are too old.
    init(_ series: [SeriesRows], _ limits: RetentionLimits) {
        guard !limits.isEmpty else { return }
        var known: (product: String, limit: (time: Int64, rule: String)?)?
        for rows in series {
            if known.map({ !$0.product.sameBytes(as: rows.key.product) }) ?? true {
                known = (rows.key.product, limits.limit(of: rows.key.product))
            }
            guard let limit = known?.limit else { continue }
            let count = rows.columns.times.reduce(into: UInt64(0)) { $0 &+= $1 < limit.time ? 1 : 0 }
            if count > 0 { add(count, rows.key.product, limit) }
        }
    }

    private mutating func add(_ count: UInt64, _ product: String, _ limit: (time: Int64, rule: String)) {
        if let index = parts.firstIndex(where: { $0.product.sameBytes(as: product) }) {
            parts[index].count += count
            return
        }
        let mark = Array(product.utf8).withUnsafeBytes { Checksum.of($0) }
        parts.append(Part(product: product, limit: limit.time, count: count, mark: mark))
        if rules.count < BatchOutcome.namedRules, !rules.contains(limit.rule) { rules.append(limit.rule) }
    }

    var isEmpty: Bool { parts.isEmpty }

    /// The number of rows that are too old.
    var count: UInt64 { parts.reduce(0) { $0 + $1.count } }

    /// The other rows, with the same series in the same order.
    func remaining(of series: [SeriesRows]) -> [SeriesRows] {
        series.map { rows in
            guard let part = parts.first(where: { $0.product.sameBytes(as: rows.key.product) }) else {
                return rows
            }
            var left = rows
            left.columns = rows.columns.from(part.limit)
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
    /// At most as many rows were too old at the commit as now. Likely hashes come first. If several products have very
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
    /// The hash with the mark of a product; the order of products has no effect.
    fileprivate func marked(_ product: UInt64, _ count: UInt64) -> Hash128 {
        let first = Self.mixed(product &+ count &* 0x9E37_79B9_7F4A_7C15)
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
