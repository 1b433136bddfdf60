// ConnectionEvent.swift — what happened to a client at the broker, and its line in the events file.
//
// Invariants:
// - Whatever a client sends, a line has a bounded length and no line feed inside.
// - A line with a changed byte is not read as an event, because it ends in a checksum.

import VarveCodec

/// Something that happened to a client.
public struct ConnectionEvent: Hashable, Sendable {
    /// What happened.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A client logged in.
        case connected
        /// A login was refused.
        case refused
        /// A client that had logged in is gone.
        case disconnected
        /// A client published to a topic that is not its own; the message was dropped.
        case deniedPublish = "denied-publish"
        /// A client's subscription was not granted.
        case deniedSubscribe = "denied-subscribe"
        /// The broker's queue or memory is filling up, or has room again. With a client: one of its requests
        /// was refused because of a limit.
        case overload
        /// An answer for a client reached nobody; the reason says why.
        case unheard
        /// A client waits to be told the secret of the device that `detail` names.
        ///
        /// Never counted instead of written.
        case activation

        /// Whether `detail` is a topic.
        public var namesTopic: Bool { self == .deniedPublish || self == .deniedSubscribe }
    }

    /// Nanoseconds since 1970 UTC.
    public var time: Int64
    /// Decides what `detail` means.
    public var kind: Kind
    /// How many events this one represents: 1, or more if a flood was counted instead of written.
    public var count: Int
    /// The MQTT client id; empty if the event has no client.
    public var clientID: String
    /// The user name of the login; empty if the client sent no user name.
    public var username: String
    /// The IP address of the client; empty if it is not known.
    public var address: String
    /// The product that the event is about; nil if it has no channel.
    public var product: String?
    /// The name of the product's channel.
    public var channel: String?
    /// The reason, or the topic.
    public var detail: String

    /// Makes an event of one occurrence, unless `count` says more.
    public init(
        time: Int64, kind: Kind, count: Int = 1, clientID: String = "", username: String = "",
        address: String = "", product: String? = nil, channel: String? = nil, detail: String
    ) {
        self.time = time
        self.kind = kind
        self.count = count
        self.clientID = clientID
        self.username = username
        self.address = address
        self.product = product
        self.channel = channel
        self.detail = detail
    }
}

extension ConnectionEvent {
    /// How the reason of a client begins whose client id another connection has taken.
    ///
    /// The plugin records such an end itself, before the login that caused it.
    public static let takenOver = "taken over by a new connection with the same client id"

    /// Whether it is the end of a client that was taken over.
    public var isTakeover: Bool { kind == .disconnected && detail.contains(Self.takenOver) }

    /// The most bytes that are written of a name or address.
    public static let nameLimit = 256
    /// The most bytes that are written of a reason or topic.
    static let detailLimit = 512

    /// The line, with its line feed.
    func encode() -> [UInt8] {
        var line: [UInt8] = []
        let names = [clientID, username, address, product ?? "", channel ?? ""].map {
            Self.shown($0)
        }
        let fields =
            ["\(time)", kind.rawValue, "\(count)"] + names + [Self.cut(detail, to: Self.detailLimit)]
        TabText.append(fields: fields, to: &line)
        line += Array("\t\(Self.checksum(of: line[...]))\n".utf8)
        return line
    }

    /// Reads a line, given without its line feed; nil if it is damaged.
    init?(line: ArraySlice<UInt8>) {
        guard let tab = line.lastIndex(of: TabText.tab),
            line[(tab + 1)...].elementsEqual(Self.checksum(of: line[..<tab]).utf8),
            let fields = TabText.fields(of: line[..<tab]), fields.count == 9,
            let time = Int64(fields[0]), let kind = Kind(rawValue: fields[1]), let count = Int(fields[2])
        else { return nil }
        self.init(
            time: time, kind: kind, count: count, clientID: fields[3], username: fields[4],
            address: fields[5], product: fields[6].isEmpty ? nil : fields[6],
            channel: fields[7].isEmpty ? nil : fields[7], detail: fields[8])
    }

    private static func checksum(of bytes: ArraySlice<UInt8>) -> String {
        TabText.hex(bytes.withUnsafeBytes { Checksum.of($0) })
    }

    /// A name or address in the form that a line has: cut if it is long.
    public static func shown(_ name: String) -> String { cut(name, to: nameLimit) }

    /// The text, cut to as many characters as fit, with an ellipsis if it was cut.
    private static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var kept = ""
        var size = 0
        for scalar in text.unicodeScalars {
            size += UTF8.width(scalar)
            guard size <= limit else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + "…"
    }
}
