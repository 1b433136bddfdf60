// BrokerFolder.swift — the names in the broker's folder of a data directory.

import VarveChannel
import VarveFile

/// Paths below `broker/`.
struct BrokerFolder: Sendable {
    /// The folder without links: the broker is recognised by this path in its arguments.
    let path: String

    /// Finds or makes the folder of a data directory, which must exist.
    ///
    /// - Throws: `FileError`, and what `DirectoryGuard.makePrivate` throws.
    init(data: String, _ files: any FileSystem) throws {
        path = files.resolved(data) + "/" + DirectoryNames.broker
        try make(files)
    }

    /// Makes the folder and its subfolder for the broker's state, if they are missing.
    ///
    /// - Throws: `FileError`, and what `DirectoryGuard.makePrivate` throws.
    func make(_ files: any FileSystem) throws {
        // Only its owner may read it, even if a group reads the store: it holds passwords.
        try DirectoryGuard.makePrivate(path)
        try files.createDirectory(state)
    }

    /// The file of the logins that are allowed, which the plugin reads.
    var credentials: String { path + "/credentials" }
    /// The file to which the plugin appends logins, ends and refusals.
    var events: String { path + "/connections.log" }
    /// The folder in which mosquitto keeps sessions and waiting messages over a restart.
    var state: String { path + "/state" }
    /// The size of mosquitto's database of sessions and waiting messages, in bytes; 0 if it cannot be found out.
    func databaseBytes(_ files: any FileSystem) -> Int {
        guard case .file(let size)? = try? files.kind(state + "/mosquitto.db") else { return 0 }
        return size
    }
    /// mosquitto's own log.
    var log: String { path + "/mosquitto.log" }
    /// The file of mosquitto's standard output and errors, which it uses before it has a log.
    var output: String { path + "/mosquitto.out" }
    /// The file that says in one line where the broker listens, for `varve channel show` and `varve publish`.
    var address: String { path + "/" + DirectoryNames.brokerAddress }

    /// The folder of certificates that `varve channel tls` makes.
    var certificates: String { path + "/tls" }
    /// The file that says where the broker speaks TLS (`EncryptedAddress`), if it does.
    var tlsAddress: String { address + EncryptedAddress.fileEnding }

    /// Writes the files that say where clients reach the broker, and removes one that says nothing; durable when it
    /// returns.
    ///
    /// - Throws: `FileError` if a file cannot be written or removed.
    func publish(_ places: BrokerPlaces?, _ files: any FileSystem) throws(FileError) {
        let texts = [(address, places?.plain.map { "\($0.text)\n" }), (tlsAddress, places?.encrypted?.text)]
        for (path, text) in texts {
            if let text {
                try files.replace(path, Array(text.utf8))
            } else if try files.kind(path) != nil {
                try files.remove(path)
            }
        }
    }

    /// The socket on which the broker listens for the service alone, relative to the broker's working folder.
    ///
    /// It is a name without a folder: the kernel takes 107 bytes, and the path of a data directory may be longer.
    static let socketName = "broker.sock"
    /// The path of the same socket, for the service.
    var socket: String { path + "/" + Self.socketName }

    /// The configuration file of a broker, by the hash of its settings.
    func configuration(hash: String) -> String { path + "/mosquitto-\(hash).conf" }

    /// Whether a path is a configuration file of a broker of this folder, with any settings.
    func isConfiguration(_ candidate: String) -> Bool {
        candidate.hasPrefix(path + "/mosquitto-") && candidate.hasSuffix(".conf")
    }
}
