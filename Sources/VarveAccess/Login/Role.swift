// Role.swift — what a login is to the broker, and the user names that say so.

/// What a logged-in client is.
package enum Role: Hashable, Sendable {
    /// The store's own service.
    case service
    /// The offline channel of a product.
    case channel(product: String)
    /// A device on its own.
    case device(product: String, key: String)

    /// What stands for the device in a channel's user name and signature.
    package static let channelKey = "%channel%"

    /// The product of a channel or device.
    package var product: String? {
        switch self {
        case .service: nil
        case .channel(let product), .device(let product, _): product
        }
    }

    /// The client id of the service, under which the broker keeps its session; nobody else may use it.
    package static let serviceClientID = "varve-service"

    /// The client id of the service's second connection, on which its answers leave.
    package static let repliesClientID = "varve-service-replies"

    /// Whether a client id is one of the service's.
    package static func isServiceClientID(_ id: String) -> Bool {
        id == serviceClientID || id == repliesClientID
    }

    /// The user name a channel logs in with.
    package static func channelUsername(product: String) -> String { "\(channelKey)&\(product)" }

    /// The role of a user name that is not the service's: `%channel%&{product}` or `{device}&{product}`.
    ///
    /// A device key may contain `&`, a product key may not.
    package init?(username: String) {
        guard let separator = username.lastIndex(of: "&") else { return nil }
        let key = String(username[..<separator])
        let product = String(username[username.index(after: separator)...])
        guard !key.isEmpty, !product.isEmpty else { return nil }
        self = key == Self.channelKey ? .channel(product: product) : .device(product: product, key: key)
    }
}
