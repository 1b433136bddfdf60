// ValueProcessing.swift — what a product's policy does to a value on its way in, before values are compared.

/// The change that a policy makes to the values of a point.
///
/// A number `x` becomes `x × scale + offset`, and is then brought within the limits. Texts, missing values, NaN and
/// values of type `bool` stay as they are.
public struct ValueProcessing: Hashable, Sendable {
    /// The factor.
    public var scale: Double
    /// What is added after the multiplication.
    public var offset: Double
    /// The least value; nil without a limit.
    public var minimum: Double?
    /// The greatest value; nil without a limit.
    public var maximum: Double?

    /// Describes a change; by default there is none.
    public init(scale: Double = 1, offset: Double = 0, minimum: Double? = nil, maximum: Double? = nil) {
        self.scale = scale
        self.offset = offset
        self.minimum = minimum
        self.maximum = maximum
    }
}
