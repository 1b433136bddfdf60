// IngestOptions.swift — the settings of the ingest loop.

import VarveChannel
public import VarveMQTT
public import VarvePlatform

/// Where the ingest loop gets its messages, and how many it takes at a time.
public struct IngestOptions: Sendable {
    /// The broker's host name or address.
    public var host: String
    /// The broker's port.
    public var port: UInt16
    /// The files of a connection with TLS; nil, the default: a connection without.
    public var encryption: MQTTEncryption?
    /// The path of the broker's unix socket, of any length; nil to use host and port.
    public var socket: String?
    /// Says why the process that listens on `socket` is not to be trusted, or nil if it is; called before the login.
    ///
    /// Default: every process is trusted.
    public var refusalOfPeer: @Sendable (LocalSocketConnection.Peer) -> String? = { _ in nil }
    /// The proof that the broker must give, and the passwords to log in with; nil to believe every broker.
    public var proof: BrokerProof?
    /// The user name of the service; nil for none.
    ///
    /// Default: `varve-service`.
    public var username: String? = ServiceClient.username
    /// The password of the service, or nil for none.
    public var password: String?
    /// The user property in which the broker's plugin names the sender of a message.
    public var senderProperty = MessageProperty.sender
    /// The client id; the broker keeps the session under it, so it must not change.
    ///
    /// Default: `varve-service`.
    public var clientID = ServiceClient.id
    /// The client id of the connection on which answers leave; it has no session.
    ///
    /// Default: `varve-service-replies`.
    public var repliesClientID = ServiceClient.repliesID
    /// The topic filters that are subscribed.
    ///
    /// Default: everything below `/sys` and `sys`.
    public var topics = ChannelTopic.all
    /// The most messages of a commit.
    ///
    /// Default: 4096.
    public var commitMessages = 4096
    /// The most bytes of a commit's messages, with their topics and senders; a larger message is committed alone.
    ///
    /// Default: 16 MiB. This bounds memory: a commit takes its own size, and its samples up to ten times as much.
    public var commitBytes = 16 << 20
    /// The keep-alive interval in seconds; the broker drops a silent service after it, so a commit must be faster.
    ///
    /// Default: 60.
    public var keepAliveSeconds: Int32 = 60
    /// The shortest and the longest wait before a new attempt, in milliseconds.
    ///
    /// Default: 100 and 5000.
    public var retryMilliseconds: ClosedRange<Int32> = 100...5000
    /// How messages are taken.
    public var limits = MessageLimits()

    /// Where the broker is, as errors and the log show it.
    var place: String { socket ?? "\(host):\(port)" }

    /// The default settings for a broker.
    public init(host: String, port: UInt16, password: String? = nil) {
        self.host = host
        self.port = port
        self.password = password
    }
}
