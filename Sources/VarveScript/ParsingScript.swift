// ParsingScript.swift — a product's script, and which of its functions is called.

/// The script that turns the payloads of a product into JSON, and answers back into bytes.
public struct ParsingScript: Hashable, Sendable {
    /// The productKey.
    ///
    /// Scripts of two products never share a process.
    public var product: String
    /// Its text, JavaScript.
    public var text: String

    /// Names the script of a product.
    public init(product: String, text: String) {
        self.product = product
        self.text = text
    }
}

/// What a script is asked for.
public enum ScriptFunction: UInt8, CaseIterable, Sendable {
    /// A payload of a device becomes the JSON of a request.
    case decode = 1
    /// The JSON of an answer becomes bytes for the device.
    case encode = 2

    /// The names that the function may have, in the order in which they are looked for.
    ///
    /// The first is that of EnOS. The second is that of Alibaba Cloud IoT, whose function returns or takes an object
    /// instead of a text.
    public var names: [String] {
        switch self {
        case .decode: ["rawDataToJsonStr", "rawDataToProtocol"]
        case .encode: ["jsonStrToRawData", "protocolToRawData"]
        }
    }
}
