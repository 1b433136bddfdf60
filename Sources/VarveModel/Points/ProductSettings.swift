// ProductSettings.swift — what a channel needs to know of a product, besides its points.

/// How the messages of a product are taken.
public struct ProductSettings: Hashable, Sendable {
    /// Whether its payloads have a form of their own, which its script turns into JSON.
    public var isCustom: Bool
    /// Whether a text such as `"1.02"` is taken as the number in it.
    ///
    /// Default: false.
    public var takesNumericTexts: Bool
    /// For how long a message without times counts as a replay if it comes again with the same client, id and bytes, in
    /// nanoseconds.
    ///
    /// 0, the default: never.
    public var resendWindow: Int64
    /// Whether its model takes points, events and attributes that it does not declare: the first value declares them.
    ///
    /// Default: false.
    public var isPassThrough: Bool

    /// Describes a product; by default its messages are JSON and nothing is special.
    public init(
        isCustom: Bool = false, takesNumericTexts: Bool = false, resendWindow: Int64 = 0,
        isPassThrough: Bool = false
    ) {
        self.isCustom = isCustom
        self.takesNumericTexts = takesNumericTexts
        self.resendWindow = resendWindow
        self.isPassThrough = isPassThrough
    }
}
