// Role.swift — what a client is to the broker, and the user names that say so.

/// What a logged-in client is.
public enum Role: Hashable, Sendable {
    /// The service that writes the store.
    case service
    /// The offline channel of a product.
    case channel(product: String)
    /// A device on its own.
    case device(product: String, key: String)
    /// A device that logged in with the secret of its product, to be given its own.
    case activation(product: String, key: String)

    /// The text that a channel's user name and signature have in place of a device key.
    public static let channelKey = "%channel%"

    /// The beginning of a channel's user name; the product follows.
    public static let channelPrefix = "\(channelKey)&"

    private static let clientMark = "?SDK="

    /// The user name up to the text that clients of AWS add.
    private static func withoutClientMark(_ username: String) -> Substring {
        var rest = username.utf8[...]
        while let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
            if rest[mark...].starts(with: clientMark.utf8) { return username[..<mark] }
            rest = rest[rest.index(after: mark)...]
        }
        return username[...]
    }

    /// The product of a channel or device.
    public var product: String? {
        switch self {
        case .service: nil
        case .channel(let product), .device(let product, _), .activation(let product, _): product
        }
    }

    /// The user name with which a channel logs in.
    public static func channelUsername(product: String) -> String { channelPrefix + product }

    /// Reads the user name of a channel or device: `%channel%&{product}` or `{device}&{product}`.
    ///
    /// Nil for any other text. A device key may contain `&`, but a product key may not.
    ///
    /// What follows `?SDK=` is left out: the clients of AWS (awscrt, AWSIoTPythonSDK) add
    /// `?SDK={name}&Version={number}` to every user name unless their metrics are off.
    public init?(username: String) {
        let username = Self.withoutClientMark(username)
        // By bytes, because a mark at the beginning of a product key makes one character with the `&`.
        guard let separator = username.utf8.lastIndex(of: UInt8(ascii: "&")) else { return nil }
        let key = String(username[..<separator])
        let product = String(username[username.utf8.index(after: separator)...])
        guard !key.isEmpty, !product.isEmpty else { return nil }
        self = key == Self.channelKey ? .channel(product: product) : .device(product: product, key: key)
    }
}
