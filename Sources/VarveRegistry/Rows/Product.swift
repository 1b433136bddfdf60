// Product.swift — a product: devices of one model that send in one format.

public import VarveModel

/// The form in which a product's messages arrive.
public enum PayloadFormat: String, CaseIterable, Sendable {
    /// The JSON form of the EnOS topics.
    case json
    /// Bytes of any form. The product's parsing script turns them into JSON.
    case custom

    /// The name used on the command line, in files and in the registry.
    public var name: String { rawValue }
}

/// A product: devices of one model that send in one format.
public struct Product: Hashable, Sendable {
    /// The `productKey`, unique in the registry.
    public var key: String
    /// The id of its model.
    public var model: String
    /// A name for people.
    public var name: String?
    /// The `productSecret`, with which logins of its channel are signed.
    public var secret: String
    /// The form of its messages.
    public var format: PayloadFormat
    /// Which of two different values at the same time is kept.
    public var duplicates: DuplicatePolicy
    /// Whether messages may have a number as a text such as `"1.02"`.
    public var takesNumericTexts: Bool
    /// The secret before the last rotation, which logins may use for a time; nil if there is none.
    public var previousSecret: PreviousSecret?

    /// Describes a product, by default with a random secret.
    public init(
        key: String, model: String, name: String? = nil, secret: String? = nil,
        format: PayloadFormat = .json, duplicates: DuplicatePolicy = .last, takesNumericTexts: Bool = false,
        previousSecret: PreviousSecret? = nil
    ) {
        self.key = key
        self.model = model
        self.name = name
        self.secret = secret ?? Secret.random()
        self.format = format
        self.duplicates = duplicates
        self.takesNumericTexts = takesNumericTexts
        self.previousSecret = previousSecret
    }

    func check() throws {
        try RegistryNames.checkProductKey(key)
        try RegistryNames.check(model, what: "model id")
        try RegistryNames.checkOptional(name, what: "product name")
        try RegistryNames.checkSecret(secret)
        if let previousSecret { try RegistryNames.checkSecret(previousSecret.secret) }
    }
}
