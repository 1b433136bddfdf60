// NewPoint.swift — a point that an import created, and what its values look like.

public import VarveModel

/// A point that an import created.
public struct NewPoint: Hashable, Sendable {
    /// The product whose model has the point now.
    public var product: String
    /// The `pointId`.
    public var point: String
    /// The type it was created with.
    public var type: ValueType
    /// Whether some values do not fit the type, only words for "no reading" decided it, or numbers became text.
    public var isMixed: Bool
    /// Whether it is a text point only because its numbers are written as texts such as `20,5` or `20.5 kW`.
    public var looksLikeNumbers: Bool
    /// The number of values that are numbers.
    public var numbers: UInt64
    /// The number of values that are neither numbers nor words for "no reading".
    public var texts: UInt64
    /// The number of values that are words for "no reading".
    public var words: UInt64
    /// The number of `texts` that look like numbers.
    public var numberLooks: UInt64
    /// An example: a text that looks like a number, else a word for "no reading", else another text; nil if no example
    /// was kept.
    public var example: String?

    /// - Parameter isByHand: Whether the caller chose the type.
    init(
        product: String, point: String, type: ValueType, isByHand: Bool, _ census: ValueCensus,
        example: String?
    ) {
        self.product = product
        self.point = point
        self.type = type
        self.example = example
        isMixed = census.isMixed(as: type, isByHand: isByHand)
        looksLikeNumbers = !isByHand && census.looksLikeNumbers
        numbers = census.numbers
        texts = census.others
        words = census.words
        numberLooks = census.numberLooks
    }
}
