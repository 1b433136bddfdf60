// Registry+Retention.swift — the rules of retention, and what they mean for each product.
//
// Invariants:
// - A rule goes with its model or product.

import Synchronization
public import VarveModel
import VarveText

extension Registry {
    /// All rules: of history, of models, of products.
    public func retentionRules() throws -> [RetentionRule] {
        try read { try $0.retentionRules() }
    }

    /// How long versions of samples are kept that were corrected since.
    public func historySeconds() throws -> Int64 {
        try retentionRules().first { $0.scope == .history }?.period.seconds
            ?? RetentionPeriod.defaultHistorySeconds
    }

    /// How long the samples of each product are kept that are not kept for good.
    public func retentionPeriods() throws -> [String: RetentionPeriod] {
        try productRetentions().mapValues(\.period)
    }

    /// The rule that each product has of its own or of its model.
    public func productRetentions() throws -> [String: ProductRetention] {
        try read { reading in
            let rules = Dictionary(
                uniqueKeysWithValues: try reading.retentionRules().map { ($0.scope, $0.period) })
            guard !rules.isEmpty else { return [:] }
            var retentions: [String: ProductRetention] = [:]
            for product in try reading.products() {
                if let period = rules[.product(product.key)] {
                    retentions[product.key] = Self.retention("product \(product.key)", period)
                } else if let period = rules[.model(product.model)] {
                    retentions[product.key] = Self.retention("model \(product.model)", period)
                }
            }
            return retentions
        }
    }

    private static func retention(_ owner: String, _ period: RetentionPeriod) -> ProductRetention {
        ProductRetention(
            period: period, rule: "\(owner) keeps \(RetentionPeriod.text(period.seconds))")
    }

    /// Gives `productRetentions`, which are read again when the registry has changed.
    ///
    /// Cost of a call: one small query.
    public var currentRetentions: RetentionRules {
        let memory = RetentionMemory()
        return { try memory.rules(of: self) }
    }

    /// Sets a rule, or removes it: without one samples are kept for good, older versions for 7 days.
    ///
    /// - Throws: `notFound` if there is no such model or product; `invalid` for a time that is none.
    public func setRetention(_ scope: RetentionRule.Scope, _ period: RetentionPeriod?) throws {
        try change { try $0.setRetention(scope, period) }
    }

    /// Sets which of two different values of one time a product keeps; what is stored stays as it is.
    ///
    /// - Returns: The product as it is now.
    @discardableResult
    public func setDuplicates(_ policy: DuplicatePolicy, ofProduct key: String) throws -> Product {
        try change { try $0.setDuplicates(policy, of: key) }
    }
}

/// The rules of all products as they were last read.
private final class RetentionMemory: Sendable {
    private let known = Mutex<(generation: UInt64, rules: [String: ProductRetention])?>(nil)

    func rules(of registry: Registry) throws -> [String: ProductRetention] {
        try known.withLock { known in
            // Asked before the rules are read: a change in between is seen by the next call.
            let generation = try registry.generation()
            if let known, known.generation == generation { return known.rules }
            let rules = try registry.productRetentions()
            known = (generation, rules)
            return rules
        }
    }
}
