// BrokerDatabase.swift — what the broker finds in mosquitto.db when it starts: the owners of sessions, and
// what waits.
//
// The plugin is loaded after the broker has read this file and before it writes it again. So the file
// describes the broker's memory, and the plugin needs no record of its own about the owners of sessions.
//
// Invariants:
// - Only version 6 of the format (mosquitto 2.0) is read. Any other file, and everything from a damaged place
//   on, counts as absent: the broker itself does not start with a damaged file.
// - Only headers and names are read, in windows of bounded size.

import VarveChannel
public import VarveFile
public import VarveModel

/// The parts of a database that the plugin uses.
public struct BrokerDatabase: Sendable {
    /// A client whose session the broker keeps.
    public struct Session: Hashable, Sendable {
        /// The user name by which the client had logged in; empty if it had none.
        public var username = ""
        /// The cost and the number of the answers that wait for the client.
        public var answerCost = 0, answers = 0
        /// Whether the client has a subscription for which the broker keeps answers.
        public var keepsAnswers = false
        /// What its subscriptions cost (`SubscriptionBudget`).
        public var subscriptionCost = 0
    }

    /// The sessions by client id, without those of the service.
    public private(set) var sessions: [Name: Session] = [:]
    /// The cost and the number of the messages that wait for the service, by the user name of the sender.
    public private(set) var waiting: [Name: (cost: Int, messages: Int)] = [:]
    /// The topics that have a retained message.
    public private(set) var retained: [String] = []

    private struct Message: Sendable {
        var username: String
        var topic: String
        var cost: Int
    }

    private static let magic: [UInt8] = [0x00, 0xB5, 0x00] + Array("mosquitto db".utf8)
    /// About the number of bytes of the plugin's own properties, which do not count as cost.
    private static let ownProperties = 600
    private var messages: [UInt64: Message] = [:]

    /// Makes an empty database.
    public init() {}

    /// Reads a database file; a missing one counts as empty.
    ///
    /// - Throws: `FileError` if the file cannot be read.
    public init(path: String) throws(FileError) {
        let files = POSIXFileSystem()
        guard case .file(let size)? = try files.kind(path) else { return }
        let file = try files.open(path, .read)
        defer { file.close() }
        var reader = Window(file: file, size: size)
        guard try reader.next(15)?.elementsEqual(Self.magic) == true, try reader.skip(4),
            try reader.number32() == 6
        else { return }
        while let kind = try reader.number32(), let length = try reader.number32() {
            let end = reader.offset + Int(length)
            guard end <= size, try readChunk(kind, length: Int(length), &reader) else { break }
            reader.offset = end
        }
        messages = [:]
    }

    /// Reads a chunk; false if it is damaged.
    private mutating func readChunk(
        _ kind: UInt32, length: Int, _ reader: inout Window
    ) throws(FileError) -> Bool {
        switch kind {
        case 2: try readMessage(length: length, &reader)
        case 3: try readClientMessage(&reader)
        case 4: try readRetained(&reader)
        case 5: try readSubscription(&reader)
        case 6: try readClient(&reader)
        default: true
        }
    }

    private mutating func readMessage(length: Int, _ reader: inout Window) throws(FileError) -> Bool {
        guard let fixed = try reader.next(32) else { return false }
        let payload = fixed.number(at: 16, bytes: 4), source = fixed.number(at: 22, bytes: 2)
        let user = fixed.number(at: 24, bytes: 2), topic = fixed.number(at: 26, bytes: 2)
        let properties = length - 32 - payload - source - user - topic
        guard properties >= 0, try reader.skip(source), let name = try reader.text(user),
            let topicName = try reader.text(topic)
        else { return false }
        messages[fixed.hostNumber()] = Message(
            username: name, topic: topicName,
            cost: ConsumptionReport.cost(topicBytes: topic, payloadBytes: payload)
                + max(0, properties - Self.ownProperties))
        return true
    }

    private mutating func readClient(_ reader: inout Window) throws(FileError) -> Bool {
        guard let fixed = try reader.next(24),
            let id = try reader.text(fixed.number(at: 14, bytes: 2)),
            let username = try reader.text(fixed.number(at: 18, bytes: 2))
        else { return false }
        if !ServiceClient.owns(id) { sessions[Name(id), default: Session()].username = username }
        return true
    }

    private mutating func readClientMessage(_ reader: inout Window) throws(FileError) -> Bool {
        guard let fixed = try reader.next(16), let id = try reader.text(fixed.number(at: 10, bytes: 2)) else {
            return false
        }
        guard let message = messages[fixed.hostNumber()] else { return true }
        if id == ServiceClient.id {
            waiting[Name(message.username), default: (0, 0)].cost += message.cost
            waiting[Name(message.username), default: (0, 0)].messages += 1
        } else {
            sessions[Name(id), default: Session()].answerCost += message.cost
            sessions[Name(id), default: Session()].answers += 1
        }
        return true
    }

    private mutating func readSubscription(_ reader: inout Window) throws(FileError) -> Bool {
        guard let fixed = try reader.next(12), let id = try reader.text(fixed.number(at: 4, bytes: 2)) else {
            return false
        }
        guard let filter = try reader.next(fixed.number(at: 6, bytes: 2)) else { return false }
        if fixed.number(at: 8, bytes: 1) > 0 { sessions[Name(id)]?.keepsAnswers = true }
        sessions[Name(id)]?.subscriptionCost += filter.withUnsafeBytes { SubscriptionBudget.cost(of: $0) }
        return true
    }

    private mutating func readRetained(_ reader: inout Window) throws(FileError) -> Bool {
        guard let fixed = try reader.next(8) else { return false }
        if let message = messages[fixed.hostNumber()] { retained.append(message.topic) }
        return true
    }
}

/// Reads a file forwards, 64 KiB at a time.
private struct Window {
    private static let size = 1 << 16
    let file: any File
    let size: Int
    var offset = 0
    private var bytes: [UInt8] = []
    private var start = 0

    init(file: any File, size: Int) {
        self.file = file
        self.size = size
    }

    /// The next bytes; nil if the file has fewer.
    mutating func next(_ count: Int) throws(FileError) -> ArraySlice<UInt8>? {
        guard count <= size - offset else { return nil }
        if offset < start || offset + count > start + bytes.count {
            start = offset
            bytes = try file.readBytes(count: min(max(count, Self.size), size - offset), at: offset)
            guard bytes.count >= count else { return nil }
        }
        defer { offset += count }
        return bytes[(offset - start)..<(offset - start + count)]
    }

    mutating func skip(_ count: Int) throws(FileError) -> Bool {
        guard count <= size - offset else { return false }
        offset += count
        return true
    }

    mutating func text(_ count: Int) throws(FileError) -> String? {
        try next(count).map { String(decoding: $0, as: UTF8.self) }
    }

    mutating func number32() throws(FileError) -> UInt32? {
        try next(4).map { UInt32($0.number(at: 0, bytes: 4)) }
    }
}

extension ArraySlice<UInt8> {
    /// A number in network order.
    fileprivate func number(at place: Int, bytes count: Int) -> Int {
        self[(startIndex + place)..<(startIndex + place + count)].reduce(0) { $0 << 8 | Int($1) }
    }

    /// The first eight bytes as a number in the machine's order: an id, which is only compared.
    fileprivate func hostNumber() -> UInt64 {
        prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
