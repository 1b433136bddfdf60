// TurnedAway.swift — a line of mosquitto's log about a connection that it closed before it read a byte.
//
// The broker does so when it has as many connections as `max_connections` allows. It asks no plugin and reads no client
// id, so only the address is known. The line is that of mosquitto 2.0.11.

/// A connection that was closed unread.
struct TurnedAway: Hashable, Sendable {
    /// The address that the connection came from, as the line has it.
    var address: String

    private static let beginning = ": Client connection from "
    private static let end = " denied: max_connections exceeded."

    /// Reads a line without its line feed; nil if it is about something else.
    init?(line: String) {
        guard let start = line.firstRange(of: Self.beginning), line.hasSuffix(Self.end),
            // Only a time of 19 bytes may come before. So a line that quotes a client's words cannot pass.
            line[..<start.lowerBound].utf8.count == 19
        else { return nil }
        let address = line[start.upperBound...].dropLast(Self.end.count)
        guard !address.isEmpty, address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.address = String(address)
    }
}
