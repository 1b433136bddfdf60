// Registry+Retention.swift — the rules of retention, and what they mean for each product.
//
// Invariants:
// - A rule is deleted with its model or product.

import Synchronization
public import VarveModel
import VarveText

extension Registry {
    /// All rules: first that of history, then those of models, then those of products.
    public func retentionRules() throws -> [RetentionRule] {
        try read { try $0.retentionRules() }
    }

    /// How long older versions of corrected samples are kept, in seconds.
    ///
    /// Without a rule: the default of 7 days.
    public func historySeconds() throws -> Int64 {
        try retentionRules().first { $0.scope == .history }?.period.seconds
            ?? RetentionPeriod.defaultHistorySeconds
    }

    /// The rules that apply to each product: its own, or else that of its model; and those of single points in its policy,
    /// which come before both.
    ///
    /// Products without a rule are left out.
    public func productRetentions() throws -> [Name: ProductRetention] {
        try read { reading in
            var (products, models): ([Name: RetentionPeriod], [Name: RetentionPeriod]) = ([:], [:])
            for rule in try reading.retentionRules() {
                switch rule.scope {
                case .history: break
                case .model(let id): models[Name(id)] = rule.period
                case .product(let key): products[Name(key)] = rule.period
                }
            }
            let policies = try reading.currentPolicies()
            guard !products.isEmpty || !models.isEmpty || !policies.isEmpty else { return [:] }
            var retentions: [Name: ProductRetention] = [:]
            for product in try reading.products() {
                let key = Name(product.key)
                var retention = ProductRetention(others: nil)
                if let period = products[key] {
                    retention.others = Self.term("product \(product.key)", period)
                } else if let period = models[Name(product.model)] {
                    retention.others = Self.term("model \(product.model)", period)
                }
                retention.points = policies[key]?.retentions(ofProduct: product.key) ?? [:]
                // Without another rule, a point that is kept forever is like all others.
                if retention.others != nil || retention.points.values.contains(where: { $0 != nil }) {
                    retentions[key] = retention
                }
            }
            return retentions
        }
    }

    private static func term(_ owner: String, _ period: RetentionPeriod) -> RetentionTerm {
        RetentionTerm(period: period, rule: "\(owner) keeps \(RetentionPeriod.text(period.seconds))")
    }

    /// A function that returns `productRetentions`, and reads them again only if the registry has changed.
    ///
    /// Cost of a call: one small query if nothing has changed.
    public var currentRetentions: RetentionRules {
        let memory = RetentionMemory()
        return { try memory.rules(of: self) }
    }

    /// Sets a rule, or removes it.
    ///
    /// Without a rule samples are kept forever, and older versions for 7 days.
    ///
    /// - Throws: `notFound` if there is no such model or product; `invalid` for a time below 1 s (0 s for
    ///   history).
    public func setRetention(_ scope: RetentionRule.Scope, _ period: RetentionPeriod?) throws {
        try change { try $0.setRetention(scope, period) }
    }

    /// Sets which of two different values at the same time a product keeps.
    ///
    /// Stored samples do not change. Messages and files that were taken before are no replays under another rule.
    ///
    /// - Returns: The product after the change.
    /// - Throws: `notFound` if there is no such product.
    @discardableResult
    public func setDuplicates(_ policy: DuplicatePolicy, ofProduct key: String) throws -> Product {
        try change { try $0.setDuplicates(policy, of: key) }
    }
}

/// The rules of all products as they were last read.
private final class RetentionMemory: Sendable {
    private let known = Mutex<(generation: UInt64, rules: [Name: ProductRetention])?>(nil)

    func rules(of registry: Registry) throws -> [Name: ProductRetention] {
        try known.withLock { known in
            // Read before the rules: a change in between is then seen by the next call.
            let generation = try registry.generation()
            if let known, known.generation == generation { return known.rules }
            let rules = try registry.productRetentions()
            known = (generation, rules)
            return rules
        }
    }
}
