// PublishedAddress.swift — where clients reach the broker of a data directory.
//
// The service writes its broker's address to a file when it starts, and removes the file when it stops. Without the
// file, callers take the standard address.

import VarveChannel
import VarveFile

extension BrokerAddress {
    private static let maximumBytes = 300

    /// The address that the service of a data directory last wrote; nil if the service never ran or was stopped.
    ///
    /// - Throws: `UnreadableAddress` if the file does not hold an address, `FileError` if it cannot be read.
    static func published(in directory: String) throws -> BrokerAddress? {
        try published(
            [directory, DirectoryNames.broker, DirectoryNames.brokerAddress].joined(separator: "/"))
    }

    /// The address at which the broker of a data directory speaks TLS; nil if it does not, or no service runs.
    ///
    /// - Throws: As `published`.
    static func publishedTLS(in directory: String) throws -> BrokerAddress? {
        let name = DirectoryNames.brokerAddress + "-tls"
        return try published([directory, DirectoryNames.broker, name].joined(separator: "/"))
    }

    private static func published(_ path: String) throws -> BrokerAddress? {
        let files = POSIXFileSystem()
        guard try files.kind(path) != nil else { return nil }
        let text = String(decoding: try files.readAll(path, limit: maximumBytes), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 1 || (lines.count == 2 && lines[1].isEmpty),
            let address = BrokerAddress(String(lines[0]))
        else { throw UnreadableAddress(path: path) }
        return address
    }
}

/// The file of the broker's address does not hold an address.
struct UnreadableAddress: Error, CustomStringConvertible {
    /// The file.
    var path: String

    var description: String {
        "\(path) holds no host:port: remove it, and varve serve writes it again when it starts"
    }
}
