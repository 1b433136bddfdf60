// Channel.swift — the offline channel of a product: the login by which its history arrives over MQTT.

import VarveChannel
public import VarveModel
import VarvePlatform

/// The offline channel of a product.
public struct Channel: Hashable, Sendable {
    /// The name, unique in the registry: 4 to 32 letters of any script, digits and `_`.
    public var name: String
    /// The key of its product.
    ///
    /// A product has at most one channel.
    public var product: String
    /// The fixed password of its login.
    public var password: String
    /// Whether anyone can log in through it.
    public var isEnabled: Bool
    /// A text for people, at most 100 characters.
    public var description: String?
    /// When it was created.
    public var created: Timestamp
    /// For how long a message without times counts as a replay if it comes again, in nanoseconds; 0: never.
    ///
    /// See `ProductSettings.resendWindow`.
    public var resendWindow: Int64
    /// The password before the last rotation, which logins may use for a time; nil if there is none.
    public var previousPassword: PreviousSecret?

    /// The longest resend window, in nanoseconds: messages are remembered for 7 days.
    public static let longestResendWindow: Int64 = 7 * 86_400 * 1_000_000_000

    /// Describes a channel, by default with a random password and the current time.
    public init(
        name: String, product: String, password: String? = nil, isEnabled: Bool = true,
        description: String? = nil, created: Timestamp? = nil, resendWindow: Int64 = 0,
        previousPassword: PreviousSecret? = nil
    ) {
        self.name = name
        self.product = product
        self.password = password ?? Secret.random()
        self.isEnabled = isEnabled
        self.description = description
        self.created = created ?? Timestamp(nanoseconds: SystemClock.nanoseconds())
        self.resendWindow = resendWindow
        self.previousPassword = previousPassword
    }

    /// The user name of its fixed login.
    public var username: String { Role.channelUsername(product: product) }

    func check() throws {
        try RegistryNames.checkChannel(name)
        try RegistryNames.checkSecret(password)
        if let previousPassword { try RegistryNames.checkSecret(previousPassword.secret) }
        guard 0...Self.longestResendWindow ~= resendWindow else {
            throw RegistryError(.invalid, "the resend window is longer than 7 days: use at most 7d, or off")
        }
        try RegistryNames.checkOptional(description, what: "channel description")
        if let description, description.unicodeScalars.count > RegistryNames.maximumDescription {
            throw RegistryError(
                .invalid,
                "the channel description has \(description.unicodeScalars.count) characters: use at most "
                    + "\(RegistryNames.maximumDescription)")
        }
    }
}

/// Everything that the logins of one channel are checked with.
public struct ChannelCredentials: Hashable, Sendable {
    /// The channel, enabled or not.
    public var channel: Channel
    /// The `productSecret` of its product.
    public var productSecret: String
    /// The `productSecret` before the last rotation, while logins may use it.
    ///
    /// The channel has its own password before the last rotation. Compare the end of each with the clock at a login.
    public var previousProductSecret: PreviousSecret?
    /// The devices of its product, by key.
    public var devices: [Device]
}
