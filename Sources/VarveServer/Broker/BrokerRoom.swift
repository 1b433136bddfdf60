// BrokerRoom.swift — how many clients a broker has room for, as far as files go.

/// The room that a broker has for clients.
struct BrokerRoom: CustomStringConvertible {
    /// Files that the broker needs for itself: logs, its database, listeners, what the plugin reads and writes.
    private static let ownFiles = 24
    private let clients: Int?

    /// - Parameter files: The files that the broker may have open at a time; nil if that is not known.
    init(files: Int?) { clients = files.map { max(0, $0 - Self.ownFiles) } }

    /// One phrase for the log.
    var description: String {
        clients.map { "room for \($0) clients, by its limit of open files" }
            ?? "its limit of open files is unknown"
    }
}
