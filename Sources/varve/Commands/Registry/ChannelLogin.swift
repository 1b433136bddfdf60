// ChannelLogin.swift — a channel with everything that a third party needs to send to it.
//
// Invariants:
// - The shell lines quote every text, and no character of a text can end its quotes.

import VarveChannel
import VarveModel
import VarveRegistry
import VarveText

/// A channel as `list` and `show` print it.
struct ChannelLogin: RegistryRow {
    var channel: Channel
    /// Where the broker listens without TLS; nil if it does not.
    var broker: BrokerAddress?
    /// Where the broker speaks TLS, if it does.
    var tls: EncryptedAddress?
    /// A client's certificate and key, for the shell lines.
    var pair: (certificate: String, key: String)?

    static var columns: [TextTable.Column] {
        ["CHANNEL", "PRODUCT", "ENABLED", "CREATED", "DESCRIPTION"].map { TextTable.Column(title: $0) }
    }

    var cells: [String?] {
        [
            channel.name, channel.product, channel.isEnabled ? "yes" : "no", channel.created.description,
            channel.description,
        ]
    }

    var fields: [(name: String, value: String?)] {
        [
            ("channel", channel.name), ("product", channel.product),
            ("enabled", channel.isEnabled ? "yes" : "no"), ("description", channel.description),
            ("created", channel.created.description), ("Broker URL", url),
        ] + (broker == nil ? [] : tls.map { [("TLS URL", $0.address.encryptedURL)] } ?? []) + [
            ("ClientID", clientID), ("Username", channel.username), ("Password", channel.password),
        ]
            + (channel.previousPassword.map {
                [("password before", $0.secret), ("  valid until", $0.validUntil.description)]
            } ?? [])
            + (channel.resendWindow > 0
                ? [("resend window", RetentionPeriod.text(channel.resendWindow / 1_000_000_000))] : [])
    }

    var json: JSONText {
        .object([
            ("name", .string(channel.name)), ("brokerUrl", .string(url)),
            ("clientId", .string(clientID)),
            ("username", .string(channel.username)),
            ("password", .string(channel.password)), ("product", .string(channel.product)),
            ("enabled", .bool(channel.isEnabled)), ("description", .optional(channel.description)),
            ("created", .string(channel.created.description)),
            ("tlsUrl", .optional(tls?.address.encryptedURL)),
            ("resendWindowSeconds", .integer(channel.resendWindow / 1_000_000_000)),
            ("previousPassword", .optional(channel.previousPassword?.secret)),
            ("previousUntil", .optional(channel.previousPassword?.validUntil.description)),
        ])
    }

    /// A login with the channel's password accepts any client id.
    ///
    /// The product's key says who the client is.
    private var clientID: String { channel.product }

    private var topic: String { ChannelTopic.measurepointPost(product: channel.product) }

    /// A shell line that sends one sample.
    ///
    /// It names no client id, so mosquitto_pub makes one of its own: with the id of a running gateway it would throw that
    /// gateway out.
    func publishLine(_ sample: ExampleSample, at time: Timestamp) -> String {
        "mosquitto_pub \(options) -q 1 -t \(quoted(topic)) -m \(quoted(sample.message(at: time)))"
    }

    /// A shell line that shows the answers.
    var subscribeLine: String {
        "mosquitto_sub \(options) -q 1 -v -t \(quoted(ChannelTopic.reply(to: topic)))"
    }

    /// The URL for a third party: without TLS where that is possible.
    private var url: String { broker?.url ?? tls?.address.encryptedURL ?? "" }

    private var options: String {
        let login = "-u \(quoted(channel.username)) -P \(quoted(channel.password))"
        func place(_ address: BrokerAddress) -> String { "-h \(quoted(address.host)) -p \(address.port)" }
        guard broker == nil, let tls else { return "\(place(broker ?? .standard)) \(login)" }
        let authority =
            tls.authority.isEmpty ? "--capath /etc/ssl/certs" : "--cafile \(quoted(tls.authority))"
        let files = pair ?? ("CLIENT.pem", "CLIENT.key")
        let own = tls.wantsCertificate ? " --cert \(quoted(files.0)) --key \(quoted(files.1))" : ""
        return "\(authority)\(own) \(place(tls.local)) \(login)"
    }

    /// Any text as one word of a shell.
    private func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

/// The sample in the example lines of `channel show`.
struct ExampleSample: Equatable {
    var device: String
    var point: String
    var type: ValueType

    /// A sample of the product's first device and point; nil if the product has no devices or no points.
    ///
    /// - Throws: `RegistryError` if there is no such product.
    init?(of product: String, in registry: Registry) throws {
        guard let device = try registry.devices(product: product).first,
            let point = try registry.model(registry.product(product).model).points.first
        else { return nil }
        self.init(device: device.key, point: point.id, type: point.type)
    }

    init(device: String, point: String, type: ValueType) {
        self.device = device
        self.point = point
        self.type = type
    }

    /// The message that carries it.
    func message(at time: Timestamp) -> String {
        let item = JSONText.object([
            ("deviceKey", .string(device)), ("time", .integer(time.nanoseconds / 1_000_000)),
            ("measurepoints", .object([(point, value)])),
        ])
        return JSONText.object([
            ("id", .string("1")), ("version", .string("1.0")),
            ("method", .string("integration.measurepoint.post")), ("params", .array([item])),
        ]).line()
    }

    private var value: JSONText {
        switch type {
        case .double: .double(1.5)
        case .int64: .integer(1)
        case .bool: .bool(true)
        case .string: .string("text")
        case .json: .array([.integer(1), .integer(2)])
        }
    }
}
