// Device.swift — a device of a product.

public import VarveModel

/// A device of a product, as it is registered.
public struct Device: Hashable, Sendable {
    /// The key of its product.
    public var product: String
    /// The `deviceKey`, unique in its product.
    public var key: String
    /// The `deviceSecret`, with which its logins are signed.
    public var secret: String
    /// The `assetId` of the thing that it measures.
    public var assetID: String?
    /// A name for people.
    public var name: String?
    /// The IANA id of its time zone.
    public var timeZone: String?
    /// When it was given its secret over the network; nil if it was not, or was reset since.
    public var activated: Timestamp?

    /// Describes a device, by default with a random secret and not activated.
    public init(
        product: String, key: String, secret: String? = nil, assetID: String? = nil, name: String? = nil,
        timeZone: String? = nil, activated: Timestamp? = nil
    ) {
        self.product = product
        self.key = key
        self.secret = secret ?? Secret.random()
        self.assetID = assetID
        self.name = name
        self.timeZone = timeZone
        self.activated = activated
    }

    /// The name that is never ambiguous: `productKey/deviceKey`.
    public var qualifiedName: String { "\(product)/\(key)" }

    func check() throws {
        try RegistryNames.checkProductKey(product)
        try RegistryNames.check(key, what: "device key")
        try RegistryNames.checkSecret(secret)
        try RegistryNames.checkOptional(assetID, what: "asset id")
        try RegistryNames.checkOptional(name, what: "device name")
        try RegistryNames.checkOptional(timeZone, what: "time zone")
    }
}
