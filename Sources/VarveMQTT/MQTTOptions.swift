// MQTTOptions.swift — the address of a broker and the login there.

/// How a connection logs in.
public struct MQTTOptions: Sendable {
    /// The broker's host name or address.
    ///
    /// If `port` is 0, the path of its unix socket, at most 107 bytes.
    public var host: String
    /// The broker's port, or 0 for a unix socket.
    public var port: UInt16
    /// The client id, under which the broker keeps a session.
    public var clientID: String
    /// The user name; nil to send none.
    public var username: String?
    /// The password; nil to send none.
    public var password: String?
    /// Whether the broker keeps subscriptions and unacknowledged messages while the client is away.
    public var keepsSession: Bool
    /// Whether to speak MQTT 5 instead of 3.1.1.
    ///
    /// Only version 5 can leave out a client's own messages.
    public var usesVersion5: Bool
    /// The files of a connection with TLS; nil to connect without.
    public var encryption: MQTTEncryption?
    /// The seconds without traffic after which the broker considers the client gone; at least 5.
    public var keepAliveSeconds: Int32

    /// Describes a login; by default MQTT 3.1.1, no session, 60 seconds.
    public init(
        host: String, port: UInt16, clientID: String, username: String? = nil, password: String? = nil,
        keepsSession: Bool = false, usesVersion5: Bool = false, keepAliveSeconds: Int32 = 60
    ) {
        self.host = host
        self.port = port
        self.clientID = clientID
        self.username = username
        self.password = password
        self.keepsSession = keepsSession
        self.usesVersion5 = usesVersion5
        self.keepAliveSeconds = keepAliveSeconds
    }
}
