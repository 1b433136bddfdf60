// RetentionRule.swift — how long to keep the samples of a product or of a model's products, and older
// versions.

public import VarveModel

/// A rule about how long something is kept.
public struct RetentionRule: Hashable, Sendable {
    /// What a rule applies to.
    public enum Scope: Hashable, Sendable {
        /// Older versions of corrected samples, in the whole store.
        case history
        /// The samples of those products of a model that have no rule of their own.
        case model(String)
        /// The samples of a product.
        case product(String)
    }

    /// What the rule applies to.
    public var scope: Scope
    /// How long it is kept.
    ///
    /// For history the basis has no meaning.
    public var period: RetentionPeriod

    /// Makes a rule for a scope.
    public init(scope: Scope, period: RetentionPeriod) {
        self.scope = scope
        self.period = period
    }
}

extension RetentionRule.Scope {
    /// The columns of the table.
    ///
    /// They are part of the persistent format.
    var columns: (kind: Int64, name: String) {
        switch self {
        case .history: (0, "")
        case .model(let id): (1, id)
        case .product(let key): (2, key)
        }
    }

    init?(kind: Int64, name: String) {
        switch kind {
        case 0 where name.isEmpty: self = .history
        case 1: self = .model(name)
        case 2: self = .product(name)
        default: return nil
        }
    }
}
