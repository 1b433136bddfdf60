// LogEntry.swift — an entry of the message log: one thing that happened on a channel.
//
// The raw values of kinds and events are part of the file's format.
//
// Invariants:
// - `payload` is the beginning of a payload, and `bytes` is the size of the whole payload.

package import VarveModel

/// An entry of the message log.
package struct LogEntry: Hashable, Sendable {
    /// What an entry is about.
    ///
    /// Each kind has its own share of the log.
    package enum Kind: Int, CaseIterable, Sendable {
        /// Clients that connected, left or were refused.
        case connection = 0
        /// A message that was stored, or had been stored before.
        case payload = 1
        /// A message that was refused, or a failure of the service.
        case error = 2

        /// The name used on the command line.
        package var name: String { "\(self)" }
    }

    /// The events that the log records.
    package enum Event: Int, CaseIterable, Sendable {
        /// A client logged in.
        case connected = 0
        /// A client left, or its connection broke; `reason` says which of the two.
        case disconnected = 1
        /// A login was refused.
        case refused = 2
        /// A client tried to publish or subscribe to a topic for which it has no right.
        case denied = 3
        /// A message was stored, and answered with 200.
        case received = 4
        /// A message had been stored before: nothing changed, and it was answered with 200 again.
        case replayed = 5
        /// A message was not stored, and answered with `code`.
        case rejected = 6
        /// The service could not work for a while, for example because the disk was full or the broker was
        /// gone.
        case failed = 7
        /// Entries are missing from this log, because it could not keep up or could not be written.
        case dropped = 8

        /// The name used on the command line.
        package var name: String { "\(self)" }
    }

    /// How many of a message's samples had each outcome.
    package struct Counts: Hashable, Sendable {
        package var accepted: UInt64
        package var identical: UInt64
        package var corrected: UInt64
        package var superseded: UInt64
        package var expired: UInt64
        package var replayed: UInt64

        package init(
            accepted: UInt64 = 0, identical: UInt64 = 0, corrected: UInt64 = 0, superseded: UInt64 = 0,
            expired: UInt64 = 0, replayed: UInt64 = 0
        ) {
            self.accepted = accepted
            self.identical = identical
            self.corrected = corrected
            self.superseded = superseded
            self.expired = expired
            self.replayed = replayed
        }

        package init(_ receipt: Receipt) {
            self.init(
                accepted: receipt.accepted, identical: receipt.identical, corrected: receipt.corrected,
                superseded: receipt.superseded, expired: receipt.expired, replayed: receipt.replayed)
        }
    }

    /// The most bytes of a payload that are kept by default.
    static let payloadLimit = 4096

    /// The entry's number, in the order in which entries were written; 0 until it is written.
    package var id: Int64 = 0
    /// When the event happened, or the message arrived.
    package var time: Timestamp
    package var kind: Kind
    package var event: Event
    /// The channel's name.
    package var channel: String?
    /// The productKey.
    package var product: String?
    /// The MQTT client id.
    package var client: String?
    /// The client's address.
    package var address: String?
    /// The deviceKey.
    package var device: String?
    /// The message's `id`, as the message had it.
    package var messageID: String?
    /// The code of the answer to the message.
    package var code: Int?
    package var topic: String?
    /// The size of the whole payload, in bytes.
    package var bytes: Int?
    package var counts: Counts?
    /// The reason, in one line.
    package var reason: String?
    /// The payload, or its beginning.
    ///
    /// `setPayload` sets it.
    package private(set) var payload: [UInt8]?
    /// Whether `payload` is only the beginning.
    package private(set) var isCut = false

    package init(_ kind: Kind, _ event: Event, time: Timestamp) {
        self.kind = kind
        self.event = event
        self.time = time
    }

    /// Sets a payload, or its beginning and the size of the whole.
    ///
    /// Keeps at most `limit` bytes of it.
    package mutating func setPayload(
        _ beginning: [UInt8], limit: Int = LogEntry.payloadLimit, size: Int? = nil
    ) {
        bytes = size ?? beginning.count
        payload = beginning.count > limit ? Array(beginning.prefix(limit)) : beginning
        isCut = bytes != payload?.count
    }

    /// Sets the stored beginning of a payload, without changing `bytes`.
    mutating func restorePayload(_ beginning: [UInt8]?, isCut: Bool) {
        payload = beginning
        self.isCut = isCut
    }

    /// About how many bytes the entry takes in memory and on disk.
    var weight: Int {
        var weight = 96 + (payload?.count ?? 0)
        weight += (channel?.utf8.count ?? 0) + (product?.utf8.count ?? 0) + (client?.utf8.count ?? 0)
        weight += (address?.utf8.count ?? 0) + (device?.utf8.count ?? 0) + (messageID?.utf8.count ?? 0)
        weight += (topic?.utf8.count ?? 0) + (reason?.utf8.count ?? 0)
        return weight
    }
}
