// BrokerStub.swift — the broker's end of the loop's two MQTT 5 connections, played by the test packet by packet.
//
// Invariants:
// - The stub reads and writes only during its calls, so a test sees exactly what the client has sent so far.

import Glibc
import Testing
import VarveAccess
import VarveChannel
import VarveTestSupport

/// Listens, accepts the loop's two clients and speaks just enough of the protocol.
final class BrokerStub {
    /// A packet: its type (the high half of the first byte), and the bytes after the length.
    struct Packet {
        var type: UInt8
        var body: [UInt8]
    }

    let port: UInt16
    private let listener: Int32
    private var client: Int32 = -1
    private var replies: Int32 = -1

    init() throws {
        (listener, port) = try Loopback.listen()
    }

    deinit {
        close(client)
        close(replies)
        close(listener)
    }

    /// Accepts the logins of the next two clients, and the second client's subscription.
    func serveLogin() throws {
        try answerLogin()
        try answerSubscription()
    }

    /// Accepts the next two clients and answers their logins: first the connection of answers, then that of messages.
    ///
    /// - Parameters:
    ///   - first: Sent in one piece with the first answer.
    ///   - more: Sent in one piece with the second answer.
    func answerLogin(first: [UInt8] = [], more: [UInt8] = []) throws {
        if client >= 0 { close(client) }
        if replies >= 0 { close(replies) }
        for isLast in [false, true] {
            try eventually("a client") { isReadable(listener, milliseconds: 10) }
            let accepted = accept(listener, nil, nil)
            if isLast { client = accepted } else { replies = accepted }
            try #require(try next(from: accepted).type == 1)
            send([0x20, 3, 0, 0, 0] + (isLast ? more : first), to: accepted)
        }
    }

    /// Accepts the next client and its login, and sends `more`.
    ///
    /// - Returns: Whether the client then closes the connection without another byte.
    func refusesAfterFirstLogin(_ more: [UInt8]) throws -> Bool {
        try eventually("a client") { isReadable(listener, milliseconds: 10) }
        let accepted = accept(listener, nil, nil)
        defer { close(accepted) }
        try #require(try next(from: accepted).type == 1)
        send([0x20, 3, 0, 0, 0] + more, to: accepted)
        try eventually("the end of the connection") { isReadable(accepted, milliseconds: 10) }
        var byte: UInt8 = 0
        return recv(accepted, &byte, 1, 0) <= 0
    }

    /// Reads and answers the subscription.
    func answerSubscription() throws {
        let subscribe = try next()
        try #require(subscribe.type == 8)
        let granted = [UInt8](repeating: 1, count: ChannelTopic.all.count)
        send([0x90, UInt8(3 + granted.count), subscribe.body[0], subscribe.body[1], 0] + granted)
    }

    /// Sends a message with QoS 1.
    func publish(_ text: String, id: UInt8) { send(Self.message(text, id: id), to: client) }

    /// Sends bytes on the connection of the messages.
    func send(_ bytes: [UInt8]) { send(bytes, to: client) }

    /// A message with QoS 1 as a packet.
    static func message(_ text: String, id: UInt8) -> [UInt8] {
        let topic = Array(TestChannel.topic.utf8)
        let body = [0, UInt8(topic.count)] + topic + [0, id, 0] + Array(text.utf8)
        return [0x32, UInt8(body.count & 0x7F) | 0x80, UInt8(body.count >> 7)] + body
    }

    /// Whether a client has sent bytes that were not read yet, or sends some within the time.
    func hasInput(within milliseconds: Int32) -> Bool {
        isReadable(client, milliseconds: milliseconds) || isReadable(replies, milliseconds: 0)
    }

    /// Whether both clients close their connections without another byte.
    func endsSilently() throws -> Bool {
        try [client, replies].allSatisfy { descriptor in
            try eventually("the end of the connection") { isReadable(descriptor, milliseconds: 10) }
            var byte: UInt8 = 0
            return recv(descriptor, &byte, 1, 0) <= 0
        }
    }

    /// Reads one packet of the connection of the messages.
    func next() throws -> Packet { try next(from: client) }

    /// Reads one packet of the connection of the answers.
    func nextReplies() throws -> Packet { try next(from: replies) }

    /// The payloads of the answers in a packet of the connection of the answers.
    func answers(of packet: Packet) throws -> [String] {
        let topic = Int(packet.body[0]) << 8 | Int(packet.body[1])
        let name = String(decoding: packet.body[2..<(2 + topic)], as: UTF8.self)
        try #require(name == ControlTopic.replies)
        // The properties are empty and take one byte, their length.
        let payload = Array(packet.body[(3 + topic)...])
        var texts: [String] = []
        let count = payload.withUnsafeBytes { payload in
            ReplyBundle.read(payload) { texts.append(String(decoding: $0.payload, as: UTF8.self)) }
        }
        try #require(count == texts.count)
        return texts
    }

    private func next(from descriptor: Int32) throws -> Packet {
        func byte() throws -> UInt8 {
            try eventually("a byte") { isReadable(descriptor, milliseconds: 10) }
            var byte: UInt8 = 0
            try #require(recv(descriptor, &byte, 1, 0) == 1, "the client closed the connection")
            return byte
        }
        let first = try byte()
        var length = 0
        var shift = 0
        while true {
            let digit = try byte()
            length |= Int(digit & 0x7F) << shift
            shift += 7
            if digit < 0x80 { break }
        }
        return Packet(type: first >> 4, body: try (0..<length).map { _ in try byte() })
    }

    private func send(_ bytes: [UInt8], to descriptor: Int32) {
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    private func isReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }
}
