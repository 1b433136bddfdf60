// LogEntry.swift — an entry of the message log: one thing that happened on a channel.
//
// The raw values of kinds, events and categories are part of the file's format.
//
// Invariants:
// - `payload` is the beginning of a payload, and `bytes` is the size of the whole payload.

public import VarveModel

/// An entry of the message log.
public struct LogEntry: Hashable, Sendable {
    /// What an entry is about.
    ///
    /// Each kind has its own share of the log.
    public enum Kind: Int, CaseIterable, Sendable {
        /// Clients that connected, left or were refused.
        case connection = 0
        /// A message that was stored, or had been stored before.
        case payload = 1
        /// A message that was refused, or a failure of the service.
        case error = 2

        /// The name used on the command line.
        public var name: String { "\(self)" }
    }

    /// The events that the log records.
    public enum Event: Int, CaseIterable, Sendable {
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
        /// The service could not work, for example because the disk was full or the broker was gone.
        case failed = 7
        /// Entries are missing from this log, because it could not keep up or could not be written.
        case dropped = 8
        /// An answer reached nobody; `reason` says why.
        case unheard = 9
        /// The service works again, after `failed`.
        case recovered = 10
        /// The broker's certificate was renewed, soon ends or has ended; `reason` says which.
        case certificate = 11
        /// The script of the product could not encode an answer, which went out as JSON; the entry of the message says
        /// what became of the message.
        case unencoded = 12

        /// The name used on the command line.
        public var name: String { "\(self)" }
    }

    /// What an entry is about, more closely than its kind.
    ///
    /// An entry about something that went well has no category.
    public enum Category: Int, CaseIterable, Sendable {
        /// A login was refused.
        case login = 0
        /// The topic is unknown, not taken, of an unknown product, or one for which the client has no right.
        case topic = 1
        /// A payload or packet is over a limit.
        case size = 2
        /// The payload is missing, not JSON, or not of the shape of its method.
        case json = 3
        /// A point or a value does not fit the model.
        case model = 4
        /// The product has no such device.
        case device = 5
        /// The parsing script of the product failed.
        case script = 6
        /// The store or the registry could not work.
        case store = 7
        /// This log could not keep up, or could not be written.
        case log = 8
        /// The broker's queue, its memory, or what one client or product may use of it was full.
        case overload = 9
        /// An answer reached nobody.
        case answer = 10
        /// A connection was cut off, or broke.
        case cut = 11
        /// The broker could not be reached, or could not be used.
        case broker = 12

        /// The name used on the command line.
        public var name: String { "\(self)" }
    }

    /// How many of a message's samples had each outcome.
    public struct Counts: Hashable, Sendable {
        /// New samples.
        public var accepted: UInt64
        /// Samples that repeated a stored one.
        public var identical: UInt64
        /// Samples that replaced a different value at the same time.
        public var corrected: UInt64
        /// Samples dropped because a different value was stored at the same time (policy `first`).
        public var superseded: UInt64
        /// Samples too old for a retention rule; not stored.
        public var expired: UInt64
        /// Samples of a message that was committed before.
        public var replayed: UInt64
        /// Samples that were left out because something was wrong with them, where the message allows that.
        public var rejected: UInt64
        /// Readings without value and quality; not stored.
        public var skipped: UInt64

        /// Takes each count; an absent one is 0.
        public init(
            accepted: UInt64 = 0, identical: UInt64 = 0, corrected: UInt64 = 0, superseded: UInt64 = 0,
            expired: UInt64 = 0, replayed: UInt64 = 0, rejected: UInt64 = 0, skipped: UInt64 = 0
        ) {
            self.accepted = accepted
            self.identical = identical
            self.corrected = corrected
            self.superseded = superseded
            self.expired = expired
            self.replayed = replayed
            self.rejected = rejected
            self.skipped = skipped
        }

        /// Takes the counts of a receipt.
        public init(_ receipt: Receipt) {
            self.init(
                accepted: receipt.accepted, identical: receipt.identical, corrected: receipt.corrected,
                superseded: receipt.superseded, expired: receipt.expired, replayed: receipt.replayed,
                rejected: receipt.rejected, skipped: receipt.skipped)
        }

        /// The counts by their names in outputs, in the order of outputs.
        public var named: [(name: String, count: UInt64)] {
            [
                ("accepted", accepted), ("identical", identical), ("corrected", corrected),
                ("superseded", superseded), ("expired", expired), ("replayed", replayed),
                ("rejected", rejected), ("skipped", skipped),
            ]
        }
    }

    /// The most bytes of a payload that are kept by default.
    public static let payloadLimit = 4096

    /// The entry's number, in the order in which entries were written; 0 until it is written.
    public var id: Int64 = 0
    /// When the event happened, or the message arrived.
    public var time: Timestamp
    /// Decides in which share of the log the entry is kept.
    public var kind: Kind
    /// Decides which of the optional members are set.
    public var event: Event
    /// What went wrong; nil if nothing did.
    public var category: Category?
    /// The channel's name.
    public var channel: String?
    /// The productKey.
    public var product: String?
    /// The MQTT client id.
    public var client: String?
    /// The client's address.
    public var address: String?
    /// The deviceKey: that of the topic, of the wrong item, or the only one in the message.
    public var device: String?
    /// The message's `id`, as the message had it.
    public var messageID: String?
    /// The code of the answer to the message.
    public var code: Int?
    /// The topic of the message, or the one that was denied.
    public var topic: String?
    /// The size of the whole payload, in bytes.
    public var bytes: Int?
    /// The number of items in a stored message.
    public var items: Int?
    /// What became of the samples of a stored message.
    public var counts: Counts?
    /// The number of the commit that has the message's samples, now or from before.
    public var commit: UInt64?
    /// Nanoseconds from the arrival of the message to the moment at which its answer was ready.
    public var latency: Int64?
    /// The line of the product's script that failed, counted from 1.
    public var scriptLine: Int?
    /// The reason, in one line.
    public var reason: String?
    /// The payload, or its beginning.
    ///
    /// `setPayload` sets it.
    public private(set) var payload: [UInt8]?
    /// Whether `payload` is only the beginning.
    public private(set) var isCut = false

    /// Makes an entry without a number, whose optional members are nil.
    public init(_ kind: Kind, _ event: Event, time: Timestamp) {
        self.kind = kind
        self.event = event
        self.time = time
    }

    /// Sets a payload, or its beginning and the size of the whole.
    ///
    /// Keeps at most `limit` bytes of it.
    public mutating func setPayload(
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
