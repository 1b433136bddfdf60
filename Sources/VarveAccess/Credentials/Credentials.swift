// Credentials.swift — who may log in to the broker.

/// All logins that the broker accepts.
///
/// The service writes them and the plugin reads them.
package struct Credentials: Hashable, Sendable {
    /// The service's own login.
    ///
    /// The service makes a new one at each start.
    package struct Service: Hashable, Sendable {
        package var username: String
        package var password: String

        package init(username: String, password: String) {
            self.username = username
            self.password = password
        }
    }

    /// The channel of a product.
    package struct Channel: Hashable, Sendable {
        /// The product's key.
        var product: String
        /// The channel's name, for the log.
        var name: String
        /// Whether anybody may log in through it, the product's devices included.
        package var isEnabled: Bool
        /// The secret that the channel's signatures are made with; empty if the product has no secret.
        var productSecret: String
        /// The fixed password; empty if the channel has no password.
        var password: String

        package init(
            product: String, name: String, isEnabled: Bool, productSecret: String, password: String
        ) {
            self.product = product
            self.name = name
            self.isEnabled = isEnabled
            self.productSecret = productSecret
            self.password = password
        }
    }

    /// A device that has a secret.
    package struct Device: Hashable, Sendable {
        var product: String
        var key: String
        /// The secret that its signatures are made with.
        var secret: String

        package init(product: String, key: String, secret: String) {
            self.product = product
            self.key = key
            self.secret = secret
        }
    }

    /// Nil if no service may log in, as at an external broker that is being prepared.
    var service: Service?
    package var channels: [Channel]
    package var devices: [Device]

    package init(service: Service?, channels: [Channel] = [], devices: [Device] = []) {
        self.service = service
        self.channels = channels
        self.devices = devices
    }
}
