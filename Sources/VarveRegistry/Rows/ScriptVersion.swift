// ScriptVersion.swift — one version of a product's parsing script.

public import VarveModel

/// A version of the script that turns a product's payloads into JSON.
public struct ScriptVersion: Hashable, Sendable {
    /// The productKey.
    public var product: String
    /// Counted from 1 for each product.
    ///
    /// The greatest is in use.
    public var version: Int64
    /// When it was set.
    public var created: Timestamp
    /// The version whose text it has again, after a roll-back.
    public var restores: Int64?
    /// The script.
    public var text: String

    /// Describes a version.
    public init(
        product: String, version: Int64, created: Timestamp, restores: Int64? = nil, text: String
    ) {
        self.product = product
        self.version = version
        self.created = created
        self.restores = restores
        self.text = text
    }
}
