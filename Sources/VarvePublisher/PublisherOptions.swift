// PublisherOptions.swift — the target, the login and the limits of a sender.

public import VarveModel

/// How a sender logs in to the broker.
public enum PublisherLogin: Hashable, Sendable {
    /// No login, for brokers that require none.
    case anonymous
    /// With a user name and a password, such as those that `varve channel show` prints.
    case password(username: String, password: String)
    /// The login of the product's channel, with an EnOS signature made from the `productSecret`.
    case signature(secret: String)
}

/// What a connection with TLS needs.
///
/// The broker's certificate must name `PublisherOptions.host`.
public struct PublisherEncryption: Hashable, Sendable {
    /// The certificates of the authorities that are believed, a PEM file; empty for those of the system.
    public var authority: String
    /// The certificate that the sender shows, a PEM file; empty to show none.
    public var certificate: String
    /// The key of `certificate`, a PEM file without a password.
    public var key: String

    /// Names the files; by default the system's authorities, and no certificate of the sender.
    public init(authority: String = "", certificate: String = "", key: String = "") {
        self.authority = authority
        self.certificate = certificate
        self.key = key
    }
}

/// The options of a `Publisher`.
public struct PublisherOptions: Sendable {
    /// The broker's host name or address.
    public var host: String
    /// The broker's port.
    public var port: UInt16
    /// The `productKey` of the product whose devices the readings belong to.
    public var product: String
    /// The login.
    public var login: PublisherLogin
    /// The files of a connection with TLS; nil, the default: a connection without.
    public var encryption: PublisherEncryption?
    /// The client id for logins other than `signature`; nil: the product with a random ending.
    public var clientID: String?
    /// The most batches without a final answer; 32 by default.
    public var window = 32
    /// The most rows of a batch; 1,000 by default.
    public var rowsPerBatch = 1000
    /// The most bytes of a message, 256 KiB by default; a larger row is a message of its own, of up to 1 MiB.
    public var bytesPerBatch = 256 << 10
    /// Seconds without a reply after which a batch is sent again; 30 by default, doubled each time, up to 16-fold.
    public var replySeconds = 30.0
    /// Seconds without any reply after which sending fails; nil, the default: it never fails for that.
    public var giveUpSeconds: Double?

    /// The largest message that receivers take: 1 MiB.
    public static let maximumMessageBytes = 1 << 20

    /// Makes the default options for a target; the login is anonymous by default.
    public init(host: String, port: UInt16, product: String, login: PublisherLogin = .anonymous) {
        self.host = host
        self.port = port
        self.product = product
        self.login = login
    }

    /// Checks the numbers and names.
    ///
    /// - Throws: `PublisherError.invalid` if one of them cannot be used.
    package func check() throws(PublisherError) {
        func require(_ holds: Bool, _ reason: String) throws(PublisherError) {
            if !holds { throw .invalid(reason) }
        }
        let isNameable = !product.utf8.contains {
            [0x23, 0x2B, 0x2F].contains($0) || $0 < 0x20 || $0 == 0x7F
        }
        try require(!product.isEmpty && isNameable, "the product key cannot be part of an MQTT topic")
        try require(
            product.utf8.count <= SeriesKey.maximumNameBytes,
            "the product key is longer than \(SeriesKey.maximumNameBytes) bytes")
        try require((1...1000).contains(window), "the window is 1 to 1000 batches")
        try require((1...100_000).contains(rowsPerBatch), "a batch has 1 to 100000 rows")
        try require(
            (1024...Self.maximumMessageBytes).contains(bytesPerBatch),
            "a message has 1024 to \(Self.maximumMessageBytes) bytes")
        try require(replySeconds >= 0.01 && replySeconds <= 86_400, "the reply time is 0.01 to 86400 seconds")
        try require(
            giveUpSeconds.map { $0 > 0 && $0 < 1e9 } ?? true, "the time to give up is above 0 seconds")
    }
}

/// An item to send: the values of one device at one time.
public struct PublisherItem: Sendable {
    /// The `deviceKey`.
    public var device: String
    /// When the device took the readings.
    public var time: Timestamp
    /// The readings, each point once.
    public var points: [Point]

    /// A reading of one point.
    public struct Point: Sendable {
        /// The `pointId`.
        public var name: String
        /// The value; nil if the reading is missing, which requires a quality.
        public var value: Value?
        /// The quality code; nil without one.
        public var quality: Int32?

        /// Makes a reading.
        public init(_ name: String, _ value: Value?, quality: Int32? = nil) {
            self.name = name
            self.value = value
            self.quality = quality
        }
    }

    /// Makes an item.
    public init(device: String, time: Timestamp, points: [Point]) {
        self.device = device
        self.time = time
        self.points = points
    }
}
