// PublishedAddress.swift — where clients reach the broker of a data directory.
//
// The service writes its broker's address to a file when it starts, and removes the file when it stops. Without the
// file, callers take the standard address.

import VarveChannel
import VarveFile

/// Where clients reach the broker of a data directory; nothing if no service runs.
struct PublishedPlaces {
    /// Where it listens without TLS, for this machine.
    var plain: BrokerAddress?
    /// Where it speaks TLS.
    var encrypted: EncryptedAddress?

    /// Reads what the service of a data directory last wrote.
    ///
    /// - Throws: `UnreadableAddress` if a file does not hold an address, `FileError` if it cannot be read.
    init(of directory: String) throws {
        let path = [directory, DirectoryNames.broker, DirectoryNames.brokerAddress].joined(separator: "/")
        plain = try Self.read(path) { text in
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            guard lines.count == 1 || (lines.count == 2 && lines[1].isEmpty) else { return nil }
            return BrokerAddress(String(lines[0]))
        }
        encrypted = try Self.read(path + EncryptedAddress.fileEnding) { EncryptedAddress($0) }
    }

    /// Where a service with the default settings listens; used if none runs.
    var plainOrStandard: BrokerAddress? { plain ?? (encrypted == nil ? .standard : nil) }

    private static func read<Place>(_ path: String, _ parse: (String) -> Place?) throws -> Place? {
        let files = POSIXFileSystem()
        guard try files.kind(path) != nil else { return nil }
        let bytes = try files.readAll(path, limit: EncryptedAddress.maximumBytes)
        guard let place = parse(String(decoding: bytes, as: UTF8.self)) else {
            throw UnreadableAddress(path: path)
        }
        return place
    }
}

/// The file of the broker's address does not hold an address.
struct UnreadableAddress: Error, CustomStringConvertible {
    /// The file.
    var path: String

    var description: String {
        "\(path) holds no address: remove it, and varve serve writes it again when it starts"
    }
}
