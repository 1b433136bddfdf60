// LoginDecision.swift — who may log in, and why not.
//
// Invariants:
// - A reason never holds a password, a secret or a signature.
// - Only an enabled channel lets anybody of its product in.

/// Who logged in.
package enum Role: Hashable, Sendable {
    case service
    case channel(product: String)
    case device(product: String, key: String)
}

/// The answer to a login.
package enum LoginDecision: Hashable, Sendable {
    case accepted(Role, channel: String?)
    case refused(reason: String, product: String?, channel: String?)
}

/// The credentials, arranged for looking up.
package struct LoginTable: Sendable {
    private let service: ServiceLogin
    private var channels: [String: ChannelLogin] = [:]
    private var devices: [DeviceName: String] = [:]

    private struct DeviceName: Hashable {
        var product: String
        var key: String
    }

    /// The device key of a channel's login.
    package static let channelKey = "%channel%"

    package init(_ credentials: Credentials) {
        service = credentials.service
        for channel in credentials.channels { channels[channel.product] = channel }
        for device in credentials.devices {
            devices[DeviceName(product: device.product, key: device.key)] = device.secret
        }
    }

    /// The two parts of a user name, `{deviceKey}&{productKey}`, or nil.
    package static func parts(_ username: String) -> (device: String, product: String)? {
        guard let cut = username.lastIndex(of: "&") else { return nil }
        let parts = (String(username[..<cut]), String(username[username.index(after: cut)...]))
        return parts.0.isEmpty || parts.1.isEmpty ? nil : parts
    }

    /// The role of a user name whose login was checked, if it may still be in.
    package func role(of username: String) -> Role? {
        if username == service.username { return .service }
        guard let (device, product) = Self.parts(username), channels[product]?.isEnabled == true else {
            return nil
        }
        if device == Self.channelKey { return .channel(product: product) }
        return devices[DeviceName(product: product, key: device)] == nil
            ? nil : .device(product: product, key: device)
    }

    /// The channel of a product.
    package func channel(of product: String) -> String? { channels[product]?.name }

    /// Decides about a login.
    package func decide(clientID: String, username: String?, password: String?) -> LoginDecision {
        guard let username, !username.isEmpty else {
            return .refused(reason: "no user name", product: nil, channel: nil)
        }
        if username == service.username {
            return Signature.isEqual(service.password, password ?? "")
                ? .accepted(.service, channel: nil)
                : .refused(reason: "wrong password of the service", product: nil, channel: nil)
        }
        guard let (device, product) = Self.parts(username) else {
            return .refused(
                reason: "the user name is not %channel%&productKey or deviceKey&productKey", product: nil,
                channel: nil)
        }
        guard let channel = channels[product] else {
            return .refused(
                reason: "unknown product, or one without a channel", product: product, channel: nil)
        }
        func refused(_ reason: String) -> LoginDecision {
            .refused(reason: reason, product: product, channel: channel.name)
        }
        guard channel.isEnabled else { return refused("the channel is disabled") }
        guard let password, !password.isEmpty else { return refused("no password") }
        guard device == Self.channelKey || Self.mayStandInTopic(device) else {
            return refused("a device of this key cannot log in: it would not be one level of a topic")
        }
        let id = ClientID(clientID)
        let isChannel = device == Self.channelKey
        if isChannel, Signature.isEqual(channel.password, password) {
            return .accepted(.channel(product: product), channel: channel.name)
        }
        guard let mode = id.secureMode else {
            return refused(isChannel ? "wrong password" : "a device must sign its login (securemode=2)")
        }
        let secret = isChannel ? channel.productSecret : devices[DeviceName(product: product, key: device)]
        guard let secret else { return refused("unknown device") }
        guard mode == "2" || (mode == "4" && isChannel) else {
            return refused("secure mode \(Self.shown(mode)) is not taken")
        }
        guard let method = SignMethod(name: id.signMethod ?? "") else {
            return refused("sign method \(Self.shown(id.signMethod ?? "")) is not known")
        }
        let expected = Signature.of(
            clientID: id.signed, device: device, product: product, timestamp: id.timestamp ?? "",
            secret: secret, method)
        guard let expected, Signature.isEqual(expected, password.lowercased()) else {
            return refused("wrong signature (securemode=\(mode), signmethod=\(method.rawValue))")
        }
        return .accepted(
            isChannel ? .channel(product: product) : .device(product: product, key: device),
            channel: channel.name)
    }

    /// Whether a device key is one level of a topic, and not one that means the whole product.
    private static func mayStandInTopic(_ key: String) -> Bool {
        key != "integration" && !key.utf8.contains { "/+#".utf8.contains($0) }
    }

    private static func shown(_ text: String) -> String { "\"" + String(text.prefix(20)) + "\"" }
}
