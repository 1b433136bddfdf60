// ConnectionEnd.swift — a line of mosquitto's log that says how the connection of a client ended.
//
// The plugin learns that a client is gone, but never why (its reason is always -1), so the reason comes from the log.
// The lines are those of mosquitto 2.0.11 with `connection_messages true`.
//
// Invariants:
// - The client id is everything between the words at the line's beginning and those at its end. An id that looks like a
//   line itself changes neither, and only the words at the end decide the reason.
// - Any other line is passed over.

import Glibc

/// How a connection ended.
///
/// The end of a client that was taken over is in no line that is read: the plugin records it.
struct ConnectionEnd: Hashable, Sendable {
    /// Seconds since 1970 by the broker's clock, or nil if the line has no readable time.
    var seconds: Int64?
    /// The client id as the line has it.
    var client: String
    /// The reason in the words of Varve's log.
    ///
    /// It is empty if the line gives no reason, or if the plugin reports the reason itself.
    var reason: String

    /// The reason for a packet above `max_packet_size`; the line does not say how large either is.
    static let oversize = "cut off: packet above the broker's limit"
    private static let beginning = "Client "
    /// What mosquitto writes for a client that has not sent its id.
    private static let nobody = "<unknown>"
    private static let reasonMark = " disconnected: "

    /// How a line ends, and the reason that Varve's log gives for it.
    private static let ends: [(end: String, reason: String)] = [
        (
            " disconnected due to malformed packet.",
            "cut off: malformed packet, such as a topic with control characters or too many levels"
        ),
        (
            " disconnected due to protocol error.",
            "cut off: protocol error, such as a topic alias that was never named"
        ),
        (" disconnected due to oversize packet.", oversize),
        (" disconnected due to oversize payload.", "cut off: payload above the broker's limit"),
        (" disconnected due to out of memory.", "cut off: the broker has no memory left for it"),
        (
            " disconnected due to QoS too high or retain not supported.",
            "cut off: quality of service or retain that the broker does not take"
        ),
        (" has exceeded timeout, disconnecting.", "cut off: silent beyond its keepalive"),
        (" closed its connection.", "the connection broke, without a DISCONNECT"),
        (" disconnected.", ""),
        (" disconnected, not authorised.", ""),
        // The plugin caused this, and reports the reason itself.
        (" been disconnected by administrative action.", ""),
    ]

    init(seconds: Int64?, client: String, reason: String) {
        self.seconds = seconds
        self.client = client
        self.reason = reason
    }

    /// Reads a line without its line feed; nil if it is about something else.
    init?(line: String) {
        guard let colon = line.firstRange(of: ": ") else { return nil }
        let seconds = Self.seconds(line[..<colon.lowerBound])
        let text = line[colon.upperBound...]
        guard text.hasPrefix(Self.beginning) else { return nil }
        let rest = text.dropFirst(Self.beginning.count)
        var found: (client: Substring, reason: String)?
        for (end, reason) in Self.ends where rest.hasSuffix(end) {
            found = (rest.dropLast(end.count), reason)
        }
        // "Client ID disconnected: TEXT.", where TEXT comes from the system and does not contain the mark.
        if found == nil, rest.hasSuffix("."), let mark = rest.ranges(of: Self.reasonMark).last {
            found = (rest[..<mark.lowerBound], "cut off: \(rest[mark.upperBound...].dropLast())")
        }
        guard let found, !found.client.isEmpty, found.client != Self.nobody else { return nil }
        self.init(seconds: seconds, client: String(found.client), reason: found.reason)
    }

    /// Reads a time such as `2026-11-30T12:00:00`, in local time: the broker has the service's time zone.
    private static func seconds(_ text: Substring) -> Int64? {
        let numbers = text.split { $0 == "-" || $0 == "T" || $0 == ":" }.compactMap { Int32($0) }
        guard text.utf8.count == 19, numbers.count == 6, numbers[0] > 1900,
            numbers.allSatisfy({ $0 < 10_000 })
        else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        parts.tm_isdst = -1
        let time = mktime(&parts)
        return time == -1 ? nil : Int64(time)
    }
}
