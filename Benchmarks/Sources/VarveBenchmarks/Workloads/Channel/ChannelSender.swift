// ChannelSender.swift — a sender that keeps a fixed number of messages in flight and counts their replies.
//
// The id of message number N ends in `-N`, so a reply says which message it is for.

import VarveMQTT
import VarvePlatform

/// Sends prepared messages on one connection, as fast as replies arrive or at a fixed rate.
final class ChannelSender: MQTTReceiver {
    private let topic: String
    private let messages: [[UInt8]]
    private let window: Int
    private let rate: Double?
    /// When each message was sent, and after which time its reply came, in seconds.
    private var sent: [Double] = []
    private(set) var latencies: [Double] = []
    private var connection: MQTTConnection?
    private var isReady = false
    private var failure: String?
    private(set) var replied = 0
    private(set) var refused = 0

    /// The bytes by which a reply with code 200 is recognised.
    private static let good = Array(#""code":200"#.utf8)

    /// Makes a sender.
    ///
    /// - Parameter rate: The messages per second; nil for as many as the window lets through.
    init(product: String, messages: [[UInt8]], window: Int, rate: Double? = nil) {
        topic = "/sys/\(product)/integration/measurepoint/post"
        self.messages = messages
        self.window = window
        self.rate = rate
    }

    /// Connects and subscribes to the replies.
    func connect(_ options: MQTTOptions) throws {
        let connection = MQTTConnection(options, receiver: self)
        try connection.connect()
        self.connection = connection
        while !isReady {
            if let failure { throw HarnessError(failure) }
            try turn(connection)
        }
    }

    /// Sends all messages, and returns when the last reply has arrived.
    func run() throws {
        guard let connection else { throw HarnessError("not connected") }
        (replied, refused) = (0, 0)
        sent.reserveCapacity(messages.count)
        let start = Self.now
        while replied < messages.count {
            while sent.count < messages.count, sent.count - replied < window, isDue(since: start) {
                let message = messages[sent.count]
                sent.append(Self.now)
                _ = try message.withUnsafeBytes { bytes -> Result<Int32, MQTTError> in
                    Result { () throws(MQTTError) in
                        try connection.publish(topic: topic, payload: bytes, qos: 1)
                    }
                }.get()
            }
            try turn(connection, milliseconds: rate == nil ? 1000 : 1)
        }
    }

    private static var now: Double { Double(SystemClock.monotonicNanoseconds()) / 1e9 }

    /// Whether the rate lets the next message leave.
    private func isDue(since start: Double) -> Bool {
        guard let rate else { return true }
        return Double(sent.count) < (Self.now - start) * rate
    }

    func close() {
        connection?.disconnect()
        connection = nil
    }

    private func turn(_ connection: MQTTConnection, milliseconds: Int32 = 1000) throws {
        try connection.flush()
        if connection.wait(milliseconds: milliseconds) { try connection.readAvailable { false } }
        try connection.flush()
        try connection.housekeeping()
    }

    func connected(refusal: MQTTError?, hasSession _: Bool) {
        if let refusal { return failure = refusal.description }
        do {
            _ = try connection?.subscribe([topic + "_reply"], qos: 1)
        } catch {
            failure = error.description
        }
    }

    func subscribed(id _: Int32, codes: [Int32]) {
        if codes.allSatisfy({ $0 < 128 }) { isReady = true } else { failure = "the replies may not be read" }
    }

    func received(_ message: MQTTMessageView) {
        replied += 1
        if message.payload.count < 16 || !Self.contains(message.payload) { refused += 1 }
        guard rate != nil else { return }
        let id = message.payload.prefix(64).split(separator: UInt8(ascii: "\""), maxSplits: 4)
        let number = id.count > 3 ? id[3].split(separator: UInt8(ascii: "-")).last : nil
        if let number = number.flatMap({ Int(String(decoding: $0, as: UTF8.self)) }), number < sent.count {
            latencies.append(Self.now - sent[number])
        }
    }

    func published(id _: Int32) {}

    private static func contains(_ payload: UnsafeRawBufferPointer) -> Bool {
        (0...max(payload.count - good.count, 0)).contains { start in
            payload[start..<min(start + good.count, payload.count)].elementsEqual(good)
        }
    }
}
