// NewPoint.swift — a point that an import created, with what its values are.

public import VarveModel

/// A point that an import created.
public struct NewPoint: Hashable, Sendable {
    /// The product whose model has the point now.
    public var product: String
    /// The `pointId`.
    public var point: String
    /// Its type.
    public var type: ValueType
    /// Whether some values do not fit the type, only words for "no reading" told it, or numbers have become text.
    public var isMixed: Bool
    /// Whether it is a text point only because its numbers are written as texts such as `20,5` or `20.5 kW`.
    public var looksLikeNumbers: Bool
    /// Its values that are numbers.
    public var numbers: UInt64
    /// Its values that are neither numbers nor words for "no reading".
    public var texts: UInt64
    /// Its values that are words for "no reading".
    public var words: UInt64
    /// Those of `texts` that look like numbers.
    public var numberLooks: UInt64
    /// One of the texts, of those that look like numbers if there are some; else one of the words, else nil.
    public var example: String?

    struct Name: Hashable {
        var product: String
        var point: String
    }

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
