// TypeChange.swift — what a command asks the service to change of a point's type, and what came of it.

public import VarveModel

/// A point of a model, and the type that it gets.
public struct TypeChange: Hashable, Sendable {
    /// The id of the model; the series of all its products change.
    public var model: String
    /// The id of the point.
    public var point: String
    /// The type that its values get.
    public var type: ValueType
    /// The lists of values that become missing, as `--missing` takes them.
    public var missing: [String]
    /// Whether values that do not fit are deleted; without it they refuse the change.
    public var dropsUnfit: Bool

    /// Makes an order.
    public init(model: String, point: String, type: ValueType, missing: [String], dropsUnfit: Bool) {
        self.model = model
        self.point = point
        self.type = type
        self.missing = missing
        self.dropsUnfit = dropsUnfit
    }
}

/// What a change of a point's type did.
public struct TypeChangeCounts: Hashable, Sendable {
    /// Series that have the new type now and had another one before.
    public var series: UInt64 = 0
    /// Their samples before the change: the sum of the four counts below.
    public var samples: UInt64 = 0
    /// Samples that stay, with their value in the new type or, as before, without one.
    public var converted: UInt64 = 0
    /// Samples that stay and lost their value, as it means that there is no reading.
    public var missing: UInt64 = 0
    /// Samples that went, as their value means that there is no reading and they have no quality.
    public var skipped: UInt64 = 0
    /// Samples that went, as their value does not fit.
    public var unfit: UInt64 = 0
    /// The commit from which on the type is the new one.
    public var commit: UInt64 = 0

    /// Makes counts of nothing.
    public init() {}
}
