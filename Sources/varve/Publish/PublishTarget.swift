// PublishTarget.swift — where `varve publish` sends: to a channel of the registry, or to a URL.

import ArgumentParser
import Glibc
import VarveChannel
import VarveFile
import VarveModel
import VarvePublisher
import VarveRegistry

/// How a publishing command encrypts its connection.
struct EncryptionOptions: ParsableArguments {
    @Flag(help: "Connect with TLS; mqtts:// in the URL means the same.") var tls = false
    @Option(
        help: ArgumentHelp(
            "The certificate of the authority that has signed the broker's, a PEM file. (default: with --channel that of "
                + "varve channel tls, else those of the system)", valueName: "file"))
    var ca: String?
    @Option(
        help: ArgumentHelp("The certificate to show to the broker, a PEM file.", valueName: "file"))
    var cert: String?
    @Option(help: ArgumentHelp("The key of --cert, a PEM file without a password.", valueName: "file"))
    var key: String?

    func validate() throws {
        guard (cert == nil) == (key == nil) else { throw ValidationError("--cert and --key belong together") }
        for (name, path) in [("--ca", ca), ("--cert", cert), ("--key", key)] where path == "" {
            throw ValidationError("\(name) is empty: name a file")
        }
    }

    /// Whether the options ask for TLS.
    var isWanted: Bool { tls || ca != nil || cert != nil }

    /// The files of the connection.
    ///
    /// - Parameter authority: The certificate of the authority, if no option names one; empty for those of the system.
    func files(authority: String) -> PublisherEncryption {
        PublisherEncryption(authority: ca ?? authority, certificate: cert ?? "", key: key ?? "")
    }
}

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
    /// With TLS if `encryption` wants it, or if the broker listens without TLS nowhere.
    ///
    /// - Throws: `Failure` if the channel is disabled, or the broker speaks no TLS; `RegistryError` if it is not there,
    ///   `UnreadableAddress`, `FileError`.
    init(channel name: String, data: DataOptions, secret: String?, _ encryption: EncryptionOptions) throws {
        let registry = try data.openRegistry(to: .read)
        let channel = try registry.channel(named: name)
        guard channel.isEnabled else {
            throw Failure(description: "channel \(name) is disabled; enable it with varve channel enable")
        }
        let places = try PublishedPlaces(of: data.path)
        let encrypted = encryption.isWanted || places.plain == nil ? places.encrypted : nil
        if encryption.isWanted, encrypted == nil {
            throw Failure(
                description:
                    "the service of \(printable(data.path)) does not run, or its broker speaks no TLS: start it with "
                    + "varve serve --mqtt-tls-port 18883"
            )
        }
        let login =
            secret.map(PublisherLogin.signature)
            ?? .password(username: channel.username, password: channel.password)
        options = Self.options(
            encrypted?.local ?? places.plain ?? .standard, product: channel.product, login)
        if let encrypted { options.encryption = encryption.files(authority: encrypted.authority) }
        types = registry
        spoolFolder = data.path
    }

    /// A broker anywhere, with the login that the URL, the environment or a product's secret gives.
    ///
    /// - Throws: `Failure` if the product or the password is missing.
    init(url: BrokerURL, product: String?, secret: String?, _ encryption: EncryptionOptions) throws {
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
        if url.isEncrypted { options.encryption = encryption.files(authority: "") }
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
