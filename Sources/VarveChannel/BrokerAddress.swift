// BrokerAddress.swift — where clients reach the broker: the service writes it into a file, the commands read it.
//
// The text is `host:port`; an IPv6 address is in brackets, as in a URL. A file of its own says where the broker speaks TLS.

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

/// Where the broker speaks TLS.
public struct EncryptedAddress: Hashable, Sendable {
    /// For clients of other machines; its host is a name of the broker's certificate, if that has one for them.
    public var address: BrokerAddress
    /// For clients of the broker's machine.
    public var local: BrokerAddress
    /// The path of the certificate by which these know the broker; empty: one of the system's authorities has signed it.
    public var authority: String
    /// Whether the broker lets in only clients that show a certificate.
    public var wantsCertificate: Bool

    /// How the name of its file ends, after the name of the file of the other address.
    public static let fileEnding = "-tls"
    /// The most bytes of the text.
    public static let maximumBytes = 8192

    /// Describes a place.
    public init(address: BrokerAddress, local: BrokerAddress, authority: String, wantsCertificate: Bool) {
        self.address = address
        self.local = local
        self.authority = authority
        self.wantsCertificate = wantsCertificate
    }

    /// Reads the form that `text` has; nil for any other text.
    public init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 5, lines[4].isEmpty, let address = BrokerAddress(String(lines[0])),
            let local = BrokerAddress(String(lines[1])), ["", "certificate"].contains(lines[3])
        else { return nil }
        self.init(
            address: address, local: local, authority: String(lines[2]), wantsCertificate: !lines[3].isEmpty)
    }

    /// Four lines: both addresses, the path, and `certificate` or nothing.
    public var text: String {
        "\(address.text)\n\(local.text)\n\(authority)\n\(wantsCertificate ? "certificate" : "")\n"
    }
}
