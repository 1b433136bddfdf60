// TypeChange.swift — a command's order to change a point's type, and what the service did.

public import VarveModel

/// A point of a model, and its new type.
public struct TypeChange: Hashable, Sendable {
    /// The id of the model.
    ///
    /// The series of all its products change.
    public var model: String
    /// The id of the point.
    public var point: String
    /// The new type of its values.
    public var type: ValueType
    /// The lists of values that become missing, in the form of `--missing`.
    public var missing: [String]
    /// Whether values that do not fit are deleted.
    ///
    /// Otherwise such a value refuses the change.
    public var dropsUnfit: Bool

    /// Makes an order to change the type of a point.
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
    /// The series that now have the new type and had another one before.
    public var series: UInt64 = 0
    /// The samples of these series before the change: the sum of the four counts below.
    public var samples: UInt64 = 0
    /// Samples that stay with their value in the new type, or without a value as before.
    public var converted: UInt64 = 0
    /// Samples that stay and lost their value, because it means that there is no reading.
    public var missing: UInt64 = 0
    /// Samples that were deleted, because their value means that there is no reading and they have no
    /// quality.
    public var skipped: UInt64 = 0
    /// Samples that were deleted, because their value does not fit.
    public var unfit: UInt64 = 0
    /// The number of the commit from which the new type holds.
    public var commit: UInt64 = 0

    /// Makes counts that are all 0.
    public init() {}
}
