// Credentials.swift — who may log in to the broker.

/// All logins that the broker accepts.
///
/// The service writes them and the plugin reads them.
public struct Credentials: Hashable, Sendable {
    /// The service's own login.
    ///
    /// The service makes a new one at each start.
    public struct Service: Hashable, Sendable {
        /// The user name, by which the plugin knows the service.
        public var username: String
        /// The secret that the proofs of a login are made with; never sent.
        public var password: String

        /// Takes both as they are; nothing is checked.
        public init(username: String, password: String) {
            self.username = username
            self.password = password
        }
    }

    /// A secret or password that was replaced, and is accepted for a time beside its successor.
    public struct Replaced: Hashable, Sendable {
        /// The old secret.
        var secret: String
        /// Nanoseconds since 1970 UTC; from then on it is not accepted.
        var validUntil: Int64

        /// Takes both as they are; nothing is checked.
        public init(secret: String, validUntil: Int64) {
            self.secret = secret
            self.validUntil = validUntil
        }
    }

    /// The channel of a product.
    public struct Channel: Hashable, Sendable {
        /// The product's key.
        var product: String
        /// The channel's name, for the log.
        var name: String
        /// Whether anybody may log in through it, the product's devices included.
        public var isEnabled: Bool
        /// The secret that the channel's signatures are made with; empty if the product has no secret.
        var productSecret: String
        /// The fixed password; empty if the channel has no password.
        var password: String
        /// The product's secret before the present one, with the end of its validity.
        var replacedSecret: Replaced?
        /// The password before the present one, with the end of its validity.
        var replacedPassword: Replaced?

        /// Takes all members as they are; nothing is checked.
        public init(
            product: String, name: String, isEnabled: Bool, productSecret: String, password: String,
            replacedSecret: Replaced? = nil, replacedPassword: Replaced? = nil
        ) {
            self.replacedSecret = replacedSecret
            self.replacedPassword = replacedPassword
            self.product = product
            self.name = name
            self.isEnabled = isEnabled
            self.productSecret = productSecret
            self.password = password
        }
    }

    /// A device that has a secret.
    public struct Device: Hashable, Sendable {
        var product: String
        var key: String
        /// The secret that its signatures are made with.
        var secret: String
        /// Whether it was told its secret already, so that it may not be told again.
        public var isActivated: Bool

        /// Takes all members as they are; nothing is checked.
        public init(product: String, key: String, secret: String, isActivated: Bool = false) {
            self.isActivated = isActivated
            self.product = product
            self.key = key
            self.secret = secret
        }
    }

    /// Nil if no service may log in, as at an external broker that is being prepared.
    var service: Service?
    /// At most one of a product counts: the last.
    public var channels: [Channel]
    /// Only devices that have a secret.
    public var devices: [Device]

    /// Takes all members as they are; by default nobody but the service may log in.
    public init(service: Service?, channels: [Channel] = [], devices: [Device] = []) {
        self.service = service
        self.channels = channels
        self.devices = devices
    }
}
