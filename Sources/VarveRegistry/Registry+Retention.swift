// Registry+Retention.swift — the rules of retention, and what they mean for each product.
//
// Invariants:
// - A rule goes with its model or product.

public import VarveModel

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
        try read { reading in
            let rules = Dictionary(
                uniqueKeysWithValues: try reading.retentionRules().map { ($0.scope, $0.period) })
            var periods: [String: RetentionPeriod] = [:]
            for product in try reading.products() {
                periods[product.key] = rules[.product(product.key)] ?? rules[.model(product.model)]
            }
            return periods
        }
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
