// BrokerAddress.swift — where clients reach the broker, as the service last said.
//
// The service writes `broker/address` in the data directory when it starts and removes it when it stops. Before its
// first start it is its default.

import VarveFile

/// Host and port of the broker.
struct BrokerAddress: Equatable {
    /// A name or address; an IPv6 address is without brackets.
    var host: String
    var port: Int

    /// Where the service listens unless told otherwise.
    static let standard = BrokerAddress(host: "127.0.0.1", port: 11883)

    private static let maximumBytes = 300

    /// The address as it stands in a URL: `mqtt://host:port`.
    var url: String { "mqtt://" + (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, with an IPv6 address in brackets; nil if it is not that.
    init?(_ text: String) {
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

    /// What the service of a data directory last said; nil if it never ran, or was stopped.
    static func published(in directory: String) throws -> BrokerAddress? {
        let path = directory + "/broker/address"
        let files = POSIXFileSystem()
        guard try files.kind(path) != nil else { return nil }
        let text = String(decoding: try files.readAll(path, limit: maximumBytes), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 1 || (lines.count == 2 && lines[1].isEmpty),
            let address = BrokerAddress(String(lines[0]))
        else { throw Failure(path: path) }
        return address
    }

    /// A file that does not say where the broker is.
    struct Failure: Error, CustomStringConvertible {
        var path: String
        var description: String {
            "\(path) holds no host:port: remove it, and varve serve writes it anew when it starts"
        }
    }
}
