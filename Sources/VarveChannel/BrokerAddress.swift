// BrokerAddress.swift — where clients reach the broker: the service writes it into a file, the commands read it.
//
// The text is `host:port`; an IPv6 address is in brackets, as in a URL.

/// Host and port of the broker.
public struct BrokerAddress: Hashable, Sendable {
    /// A name or address; an IPv6 address is without brackets.
    public var host: String
    /// The port, 1 to 65,535.
    public var port: Int

    /// Where the service's broker listens by default: 127.0.0.1, port 11883.
    public static let standard = BrokerAddress(host: "127.0.0.1", port: 11883)

    /// Describes an address.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, with an IPv6 address in brackets; nil for any other text.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        let isPlain = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "'") }
        guard !host.isEmpty, isPlain else { return nil }
        self.init(host: String(host), port: port)
    }

    /// The address as `host:port`.
    public var text: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// The address in a URL: `mqtt://host:port`.
    public var url: String { "mqtt://" + text }

    /// The address in a URL of a connection with TLS: `mqtts://host:port`.
    public var encryptedURL: String { "mqtts://" + text }
}
