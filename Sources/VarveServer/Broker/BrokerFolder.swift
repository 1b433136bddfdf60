// BrokerFolder.swift — the names in the broker's folder of a data directory.

import VarveChannel
import VarveFile

/// Paths below `broker/`.
struct BrokerFolder: Sendable {
    /// The folder, as the kernel names it: the broker is recognised by this path in its arguments.
    let path: String

    /// Finds the folder of a data directory, which must exist.
    init(data: String, _ files: any FileSystem) throws {
        path = files.resolved(data) + "/" + DirectoryNames.broker
        try make(files)
    }

    /// Makes what is missing of it.
    func make(_ files: any FileSystem) throws {
        // Its owner's alone, also where a group reads the store: it has passwords in it.
        try DirectoryGuard.makePrivate(path)
        try files.createDirectory(state)
    }

    /// The logins, which the plugin reads.
    var credentials: String { path + "/credentials" }
    /// The logins and refusals, which the plugin appends.
    var events: String { path + "/connections.log" }
    /// What mosquitto keeps over a restart: sessions and waiting messages.
    var state: String { path + "/state" }
    /// The size of what mosquitto has kept of sessions and waiting messages; 0 where it cannot be told.
    func databaseBytes(_ files: any FileSystem) -> Int {
        guard case .file(let size)? = try? files.kind(state + "/mosquitto.db") else { return 0 }
        return size
    }
    /// mosquitto's own log.
    var log: String { path + "/mosquitto.log" }
    /// What mosquitto says before it has a log.
    var output: String { path + "/mosquitto.out" }
    /// Where the broker listens, one line, for `varve channel show` and `varve publish`.
    var address: String { path + "/" + DirectoryNames.brokerAddress }

    /// Tells the commands where clients reach the broker; durable when it returns.
    func publish(_ address: BrokerAddress, _ files: any FileSystem) throws(FileError) {
        try files.replace(self.address, Array("\(address.text)\n".utf8))
    }

    /// Where the broker listens for the service alone, as the broker knows it, whose working folder this is.
    ///
    /// A name without folder: the kernel takes 107 bytes, and a data directory may lie deeper.
    static let socketName = "broker.sock"
    /// The same socket for the service.
    var socket: String { path + "/" + Self.socketName }

    /// The configuration of a broker with these settings.
    func configuration(hash: String) -> String { path + "/mosquitto-\(hash).conf" }

    /// Whether a path is a configuration of a broker of this folder, of whatever settings.
    func isConfiguration(_ candidate: String) -> Bool {
        candidate.hasPrefix(path + "/mosquitto-") && candidate.hasSuffix(".conf")
    }
}
