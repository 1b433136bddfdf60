// BrokerRoom.swift — how many clients a broker has room for: by its limit of open files and by the settings.

/// The room that a broker has for clients.
struct BrokerRoom: CustomStringConvertible {
    /// Files that the broker needs for itself: logs, its database, listeners, what the plugin reads and writes.
    private static let ownFiles = 24
    private let byFiles: Int?
    private let bySettings: Int

    /// - Parameters:
    ///   - files: The files that the broker may have open at a time; nil if that is not known.
    ///   - connections: The setting `broker.connections`.
    init(files: Int?, connections: Int) {
        byFiles = files.map { max(0, $0 - Self.ownFiles) }
        bySettings = connections
    }

    /// One phrase for the log.
    var description: String {
        guard let byFiles else {
            return "room for \(bySettings) clients (broker.connections); its limit of open files is unknown"
        }
        guard byFiles < bySettings else { return "room for \(bySettings) clients (broker.connections)" }
        return "room for \(byFiles) clients: the limit of open files is lower than broker.connections"
    }
}
