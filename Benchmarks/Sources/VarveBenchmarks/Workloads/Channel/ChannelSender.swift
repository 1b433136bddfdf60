// ChannelSender.swift — a sender that keeps a fixed number of messages in flight and counts their replies.

import VarveMQTT

/// Sends prepared messages on one connection, as fast as replies arrive.
final class ChannelSender: MQTTReceiver {
    private let topic: String
    private let messages: [[UInt8]]
    private let window: Int
    private var connection: MQTTConnection?
    private var isReady = false
    private var failure: String?
    private(set) var replied = 0
    private(set) var refused = 0

    /// The bytes by which a reply with code 200 is recognised.
    private static let good = Array(#""code":200"#.utf8)

    init(product: String, messages: [[UInt8]], window: Int) {
        topic = "/sys/\(product)/integration/measurepoint/post"
        self.messages = messages
        self.window = window
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
        var sent = 0
        while replied < messages.count {
            while sent < messages.count, sent - replied < window {
                let message = messages[sent]
                _ = try message.withUnsafeBytes { bytes -> Result<Int32, MQTTError> in
                    Result { () throws(MQTTError) in
                        try connection.publish(topic: topic, payload: bytes, qos: 1)
                    }
                }.get()
                sent += 1
            }
            try turn(connection)
        }
    }

    func close() {
        connection?.disconnect()
        connection = nil
    }

    private func turn(_ connection: MQTTConnection) throws {
        try connection.flush()
        if connection.wait(milliseconds: 1000) { try connection.readAvailable { false } }
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
    }

    func published(id _: Int32) {}

    private static func contains(_ payload: UnsafeRawBufferPointer) -> Bool {
        (0...max(payload.count - good.count, 0)).contains { start in
            payload[start..<min(start + good.count, payload.count)].elementsEqual(good)
        }
    }
}
