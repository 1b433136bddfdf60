// PublishTarget.swift — where `varve publish` sends: to a channel of the registry, or to a URL.

import Glibc
import VarveChannel
import VarveFile
import VarveModel
import VarvePublisher
import VarveRegistry

/// The target of a publishing command.
struct PublishTarget {
    var options: PublisherOptions
    /// Knows the types of the points; nil where there is no registry.
    var types: (any PointDirectory)?
    /// The folder in which standard input is spooled.
    var spoolFolder: String

    /// Why a target cannot be used.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The environment variable for a password that must not be visible on the command line.
    static let passwordVariable = "VARVE_PASSWORD"

    /// A channel of the registry, at the broker of its data directory.
    ///
    /// - Throws: `Failure` if the channel is disabled, `RegistryError` if it is not there, `UnreadableAddress`,
    ///   `FileError`.
    init(channel name: String, data: DataOptions, secret: String?) throws {
        let registry = try data.openRegistry(to: .read)
        let channel = try registry.channel(named: name)
        guard channel.isEnabled else {
            throw Failure(description: "channel \(name) is disabled; enable it with varve channel enable")
        }
        let address = try BrokerAddress.published(in: data.path) ?? .standard
        let login =
            secret.map(PublisherLogin.signature)
            ?? .password(username: channel.username, password: channel.password)
        options = Self.options(address, product: channel.product, login)
        types = registry
        spoolFolder = data.path
    }

    /// A broker anywhere, with the login that the URL, the environment or a product's secret gives.
    ///
    /// - Throws: `Failure` if the product or the password is missing.
    init(url: BrokerURL, product: String?, secret: String?) throws {
        let password = url.password ?? Self.passwordOfEnvironment()
        guard let product = url.channelProduct ?? product else {
            throw Failure(
                description:
                    "the user name of the URL names no product (\(Role.channelUsername(product: "PRODUCT"))); give --product"
            )
        }
        let login: PublisherLogin
        if let secret {
            login = .signature(secret: secret)
        } else if let username = url.username {
            guard let password else {
                throw Failure(
                    description: "the URL has no password; set \(Self.passwordVariable), or give --secret")
            }
            login = .password(username: username, password: password)
        } else {
            login = .anonymous
        }
        options = Self.options(url.address, product: product, login)
        spoolFolder = "/var/tmp"
    }

    private static func options(
        _ address: BrokerAddress, product: String, _ login: PublisherLogin
    ) -> PublisherOptions {
        PublisherOptions(
            host: address.host, port: UInt16(clamping: address.port), product: product, login: login)
    }

    private static func passwordOfEnvironment() -> String? {
        guard let variable = getenv(passwordVariable), variable.pointee != 0 else { return nil }
        return String(cString: variable)
    }
}
