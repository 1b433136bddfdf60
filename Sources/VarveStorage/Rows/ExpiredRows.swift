// ExpiredRows.swift — which rows of a batch are older than retention keeps them, and how the batch is remembered then.
//
// Such rows are not stored. A batch that had some is remembered by another hash than one that had none: its content
// hash marked with the number of them for each product. It is a replay as long as at least those rows are too old; once
// a rule was widened or removed, fewer are, no earlier mark fits, and the batch is applied again.
//
// Invariants:
// - The limit of a product depends on the writer's clock and the rule at the commit alone.
// - Rules by arrival let go of nothing here: what comes now has just arrived.

import VarveCodec
import VarveModel

/// What is too old at one time.
struct RetentionLimits: Sendable {
    private let rules: [String: ProductRetention]
    private let now: Int64

    /// Takes the rules as they are, and the time in nanoseconds since 1970 UTC.
    init(_ rules: [String: ProductRetention], now: Int64) {
        self.rules = rules
        self.now = now
    }

    var isEmpty: Bool { rules.isEmpty }

    /// The first time that is kept of a product, and the rule; nil if all are.
    func limit(of product: String) -> (time: Int64, rule: String)? {
        guard let retention = rules[product], case .from(let time)? = retention.period.limit(at: now) else {
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
        /// Tells the products apart in the marks.
        var mark: UInt64
    }

    /// Products with rows that are too old.
    private var parts: [Part] = []
    /// The rules by which they are, each once.
    private(set) var rules: [String] = []

    /// Most marks that are tried, where rows of several products are too old.
    private static let tried: UInt64 = 1 << 20

    /// Looks for rows that are too old.
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

    /// How many rows are too old.
    var count: UInt64 { parts.reduce(0) { $0 + $1.count } }

    /// The rows that are left, of the same series in the same order.
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

    /// Gives `body` each hash by which the batch may be remembered if at most as many rows were too old at its commit,
    /// and how many were, until it returns something; the likely ones come first.
    ///
    /// Where several products have very many such rows, batches of which only some numbers fit are not all found: those
    /// are applied again.
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
    /// The hash with the number of rows of a product that were too old; the order of products means nothing.
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
        let keep = times.indices.filter { times[$0] >= limit }
        var columns = self
        columns.times = keep.map { times[$0] }
        columns.states = keep.map { states[$0] }
        switch values {
        case .bits(let bits): columns.values = .bits(keep.map { bits[$0] })
        case .text(let source):
            var text = TextColumn()
            text.ends.reserveCapacity(keep.count)
            for index in keep { text.append(source.bytes[source.range(index)]) }
            columns.values = .text(text)
        }
        return columns
    }
}
