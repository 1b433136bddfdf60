// RawClient.swift — a client that sends the packets that a test builds, and need not read the answers.

import Foundation
import Testing
import VarveTestSupport

/// A client over a socket of its own; every packet is well-formed, and may be sent in part.
final class RawClient {
    private let descriptor: Int32
    /// The bytes that have come.
    private(set) var bytes: [UInt8] = []
    /// Whether the broker has closed the connection.
    private(set) var isLost = false

    init(_ broker: PluginBroker) throws {
        descriptor = try Loopback.connect(to: broker.port)
        var limit = timeval(tv_sec: 0, tv_usec: 20_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends bytes; drops those that cannot be sent within 10 s, or after the end of the connection.
    func send(_ packet: [UInt8]) {
        var rest = packet[...]
        let deadline = ContinuousClock.now + .seconds(10)
        while !rest.isEmpty, !isLost, ContinuousClock.now < deadline {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EAGAIN { isLost = true }
        }
    }

    /// Reads the bytes that have come by now.
    func read() {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while !isLost {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                bytes += buffer[..<count]
            } else if count == 0 || errno != EAGAIN {
                isLost = true
            } else {
                return
            }
        }
    }

    /// Logs in and reads the answer.
    func login(
        _ id: String, product: String = "pk", isClean: Bool = true, version: UInt8 = 4,
        will: (topic: String, payload: String, isRetained: Bool)? = nil
    ) -> Bool {
        sendLogin(id, product: product, isClean: isClean, version: version, will: will)
        let deadline = ContinuousClock.now + .seconds(10)
        while bytes.count < 4, !isLost, ContinuousClock.now < deadline { read() }
        defer { bytes = [] }
        return bytes.count >= 4 && bytes[3] == 0
    }

    /// Logs in without waiting for the answer.
    func sendLogin(
        _ id: String, product: String = "pk", isClean: Bool = true, version: UInt8 = 4,
        will: (topic: String, payload: String, isRetained: Bool)? = nil
    ) {
        var flags: UInt8 = 0xC0 | (isClean ? 2 : 0)
        if let will { flags |= 0x04 | 0x08 | (will.isRetained ? 0x20 : 0) }
        var body = Self.text("MQTT") + [version, flags, 0, 60]
        if version == 5 { body.append(0) }
        body += Self.text(id)
        if let will {
            if version == 5 { body.append(0) }
            body += Self.text(will.topic) + Self.text(will.payload)
        }
        send(Self.packet(0x10, body + Self.text("%channel%&\(product)") + Self.text("fixed")))
    }

    /// Subscribes without waiting for the answer.
    func subscribe(_ filter: String, quality: UInt8 = 1) {
        send(Self.packet(0x82, [0, 1] + Self.text(filter) + [quality]))
    }

    /// A message of MQTT 3.1.1, or of MQTT 5 with user properties.
    static func publish(
        _ topic: String, _ payload: [UInt8] = [], quality: UInt8 = 0, isRetained: Bool = false,
        properties: [(String, String)]? = nil
    ) -> [UInt8] {
        var body = text(topic)
        if quality > 0 { body += [0, 7] }
        if let properties {
            let bytes: [UInt8] = properties.reduce(into: []) { $0 += [0x26] + text($1.0) + text($1.1) }
            body += length(bytes.count) + bytes
        }
        return packet(0x30 | quality << 1 | (isRetained ? 1 : 0), body + payload)
    }

    static func packet(_ kind: UInt8, _ body: [UInt8]) -> [UInt8] { [kind] + length(body.count) + body }

    private static func text(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
    }

    private static func length(_ count: Int) -> [UInt8] {
        var rest = count
        var bytes: [UInt8] = []
        repeat {
            bytes.append(UInt8(rest % 128) | (rest >= 128 ? 0x80 : 0))
            rest /= 128
        } while rest > 0
        return bytes
    }
}
