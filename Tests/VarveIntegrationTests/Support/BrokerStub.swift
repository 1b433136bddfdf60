// BrokerStub.swift — the broker's end of one MQTT 5 connection, played by the test packet by packet.
//
// Invariants:
// - Nothing is read or written but in the calls, so a test sees exactly what left the client so far.

import Glibc
import Testing

/// Listens, accepts one client and speaks just enough of the protocol.
final class BrokerStub {
    /// A packet: the type in the high half of its first byte, and what follows the length.
    struct Packet {
        var type: UInt8
        var body: [UInt8]
    }

    let port: UInt16
    private let listener: Int32
    private var client: Int32 = -1

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        listener = descriptor
        port =
            Mosquitto.withAddress(0) { bind(descriptor, $0, $1) } == 0 ? Mosquitto.boundPort(descriptor) : 0
        try #require(port != 0 && listen(descriptor, 4) == 0)
    }

    deinit {
        close(client)
        close(listener)
    }

    /// Accepts the next client and lets it log in and subscribe to two topics.
    func serveLogin() throws {
        try answerLogin()
        try answerSubscription()
    }

    /// Accepts the next client and answers its login.
    ///
    /// - Parameter more: Sent in one piece with the answer.
    func answerLogin(more: [UInt8] = []) throws {
        if client >= 0 { close(client) }
        try eventually("a client") { isReadable(listener, milliseconds: 10) }
        client = accept(listener, nil, nil)
        try #require(try next().type == 1)
        send([0x20, 3, 0, 0, 0] + more)
    }

    /// Reads and answers the subscription.
    func answerSubscription() throws {
        let subscribe = try next()
        try #require(subscribe.type == 8)
        send([0x90, 5, subscribe.body[0], subscribe.body[1], 0, 1, 1])
    }

    /// Sends a message with QoS 1.
    func publish(_ text: String, id: UInt8) { send(Self.message(text, id: id)) }

    /// A message with QoS 1 as a packet.
    static func message(_ text: String, id: UInt8) -> [UInt8] {
        let topic = Array(TestChannel.topic.utf8)
        let body = [0, UInt8(topic.count)] + topic + [0, id, 0] + Array(text.utf8)
        return [0x32, UInt8(body.count & 0x7F) | 0x80, UInt8(body.count >> 7)] + body
    }

    /// Whether the client has sent anything that was not read yet.
    func hasInput(within milliseconds: Int32) -> Bool { isReadable(client, milliseconds: milliseconds) }

    /// Whether the client closes the connection without another byte.
    func endsSilently() throws -> Bool {
        try eventually("the end of the connection") { isReadable(client, milliseconds: 10) }
        var byte: UInt8 = 0
        return recv(client, &byte, 1, 0) <= 0
    }

    /// Reads one packet.
    func next() throws -> Packet {
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

    private func byte() throws -> UInt8 {
        try eventually("a byte") { isReadable(client, milliseconds: 10) }
        var byte: UInt8 = 0
        try #require(recv(client, &byte, 1, 0) == 1, "the client closed the connection")
        return byte
    }

    /// Sends bytes.
    func send(_ bytes: [UInt8]) { _ = Glibc.send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    private func isReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }
}
