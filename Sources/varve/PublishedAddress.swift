// PublishedAddress.swift — where clients reach the broker, as the service of a data directory last said.
//
// The service writes the file when it starts and removes it when it stops. Before its first start it is the default.

import VarveChannel
import VarveFile

extension BrokerAddress {
    private static let maximumBytes = 300

    /// What the service of a data directory last said; nil if it never ran, or was stopped.
    ///
    /// - Throws: `UnreadableAddress` if the file does not hold an address, `FileError` if it cannot be read.
    static func published(in directory: String) throws -> BrokerAddress? {
        let path = [directory, DirectoryNames.broker, DirectoryNames.brokerAddress].joined(separator: "/")
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

/// A file that does not say where the broker is.
struct UnreadableAddress: Error, CustomStringConvertible {
    /// The file.
    var path: String

    var description: String {
        "\(path) holds no host:port: remove it, and varve serve writes it again when it starts"
    }
}
