// MQTTOptions.swift — where and as whom to connect.

/// How a connection logs in.
public struct MQTTOptions: Sendable {
    /// The broker's host name or address; or, where the port is 0, the path of its unix socket, 107 bytes at most.
    public var host: String
    /// The broker's port, or 0 for a unix socket.
    public var port: UInt16
    /// The client id; a persistent session is kept under it.
    public var clientID: String
    /// The user name, or nil for none.
    public var username: String?
    /// The password, or nil for none.
    public var password: String?
    /// Whether the broker keeps subscriptions and unacknowledged messages while the client is away.
    public var keepsSession: Bool
    /// Whether to speak MQTT 5 and not 3.1.1; only version 5 can leave out a client's own messages.
    public var usesVersion5: Bool
    /// Seconds without traffic after which the broker gives the client up; at least 5.
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
