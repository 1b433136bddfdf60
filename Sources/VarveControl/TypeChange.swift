// TypeChange.swift — a command's order to change a point's type.

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
    /// The text of the rule for the values of messages from then on; nil for all of the type.
    public var rule: String?
    /// The lists of values that become missing, in the form of `--missing`.
    public var missing: [String]
    /// Whether values that do not fit are deleted.
    ///
    /// Otherwise such a value refuses the change.
    public var dropsUnfit: Bool

    /// What can be done about values that do not fit, in the words of `varve model change`.
    public static let remedyForUnfit =
        "name words that mean no reading in --missing, or delete what does not fit with --drop-unfit"

    /// Makes an order to change the type of a point.
    public init(
        model: String, point: String, type: ValueType, rule: String? = nil, missing: [String],
        dropsUnfit: Bool
    ) {
        self.rule = rule
        self.model = model
        self.point = point
        self.type = type
        self.missing = missing
        self.dropsUnfit = dropsUnfit
    }
}
