// Credentials.swift — who may log in at the broker.

/// All logins that the broker accepts: what the service writes and the plugin reads.
package struct Credentials: Hashable, Sendable {
    /// The service's own login; made anew at each of its starts.
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
        package var product: String
        /// The channel's name, as the log shows it.
        package var name: String
        /// Whether anybody may log in through it, the product's devices included.
        package var isEnabled: Bool
        /// What signatures of the channel are made with; empty if there are none.
        package var productSecret: String
        /// The fixed password; empty if there is none.
        package var password: String

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
        package var product: String
        package var key: String
        /// What its signatures are made with.
        package var secret: String

        package init(product: String, key: String, secret: String) {
            self.product = product
            self.key = key
            self.secret = secret
        }
    }

    /// Nil only where no service is to log in, as beside an external broker that is being prepared.
    package var service: Service?
    package var channels: [Channel]
    package var devices: [Device]

    package init(service: Service?, channels: [Channel] = [], devices: [Device] = []) {
        self.service = service
        self.channels = channels
        self.devices = devices
    }
}
