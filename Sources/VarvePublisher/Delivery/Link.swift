// Link.swift — the connection to the broker: log in, subscribe to the replies, and all that again when it breaks.
//
// Invariants:
// - It is ready only once the broker has confirmed the subscription, so no reply can pass unseen.
// - `generation` grows with each readiness: what was sent before it may be lost.
// - The connection is dropped outside the calls of the receiver.

import Glibc
import VarveAccess
import VarveChannel
import VarveMQTT
import VarvePlatform

/// Keeps a connection.
final class Link: MQTTReceiver {
    private enum State {
        case down
        /// Waits for the answer to the login.
        case connecting
        /// Waits for the answer to the subscription.
        case subscribing
        case ready
    }

    /// Counts how often the link became ready.
    private(set) var generation = 0
    /// Why there is no connection; nil while there is one.
    private(set) var trouble: String?
    private let options: PublisherOptions
    private let topic: String
    private let replyTopic: String
    private var connection: MQTTConnection?
    private var state = State.down
    /// When to try again, or until when to wait for an answer.
    private var deadline: Int64 = 0
    private var backoff = Link.firstBackoff
    private var nextHousekeeping: Int64 = 0
    private var refusal: PublisherError?
    /// Why the connection is to be dropped as soon as the call that found out is over.
    private var failure: String?
    private var replies: [Reply] = []

    private static let firstBackoff: Int64 = 100_000_000
    private static let longestBackoff: Int64 = 10_000_000_000
    private static let answerNanoseconds: Int64 = 10_000_000_000
    private static let second: Int64 = 1_000_000_000
    /// "Server unavailable" of MQTT 3.1.1: senders are asked to come back later.
    private static let unavailable: Int32 = 3

    init(_ options: PublisherOptions) {
        self.options = options
        topic = ChannelTopic.measurepointPost(product: options.product)
        replyTopic = ChannelTopic.reply(to: topic)
    }

    /// Whether messages can be sent.
    var isReady: Bool { state == .ready }

    /// Whether the broker has not answered yet.
    var isOpening: Bool { state == .connecting || state == .subscribing }

    /// The replies that have come since the last call.
    func takeReplies() -> [Reply] {
        defer { replies.removeAll(keepingCapacity: true) }
        return replies
    }

    /// Queues a message; the next `step` sends it.
    func publish(_ message: [UInt8]) throws(PublisherError) {
        guard isReady, let connection else { return }
        let result = message.withUnsafeBytes { bytes -> Result<Int32, MQTTError> in
            Result { () throws(MQTTError) in
                try connection.publish(topic: topic, payload: bytes, qos: 1)
            }
        }
        switch result {
        case .success: return
        case .failure(.invalid(let reason)): throw .invalid(reason)
        case .failure(let error): goDown(error.description)
        }
    }

    /// Connects if there is no connection, sends what is queued and takes what has come.
    ///
    /// - Parameter milliseconds: The longest wait if there is nothing to do.
    /// - Throws: `PublisherError.refused`.
    func step(milliseconds: Int32) throws(PublisherError) {
        let now = SystemClock.monotonicNanoseconds()
        guard let connection, state != .down else {
            guard now >= deadline else {
                let left = (deadline - now) / 1_000_000 + 1
                poll(nil, 0, min(milliseconds, Int32(clamping: left)))
                return
            }
            return begin()
        }
        do throws(MQTTError) {
            try connection.flush()
            if connection.wait(milliseconds: milliseconds) {
                try connection.readAvailable { false }
            }
            if now >= nextHousekeeping {
                nextHousekeeping = now + Self.second
                try connection.housekeeping()
            }
            if failure == nil, refusal == nil { try connection.flush() }
        } catch {
            failure = failure ?? error.description
        }
        if let refusal {
            close()
            throw refusal
        }
        if isOpening, failure == nil, SystemClock.monotonicNanoseconds() > deadline {
            failure = "the broker does not answer the login"
        }
        if let failure { goDown(failure) }
    }

    /// Says goodbye.
    func disconnect() {
        if isReady { connection?.disconnect() }
        close()
    }

    private func close() {
        connection?.drop()
        connection = nil
        state = .down
    }

    private func goDown(_ reason: String) {
        close()
        failure = nil
        trouble = reason
        deadline = SystemClock.monotonicNanoseconds() + backoff
        backoff = min(backoff * 2, Self.longestBackoff)
    }

    private func begin() {
        do throws(MQTTError) {
            let connection = MQTTConnection(try login(), receiver: self)
            self.connection = connection
            try connection.connect()
            state = .connecting
            deadline = SystemClock.monotonicNanoseconds() + Self.answerNanoseconds
            nextHousekeeping = 0
            try connection.flush()
        } catch {
            goDown(error.description)
        }
    }

    private func login() throws(MQTTError) -> MQTTOptions {
        let id = options.clientID ?? "\(options.product)-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        var login = MQTTOptions(host: options.host, port: options.port, clientID: id)
        switch options.login {
        case .anonymous: break
        case .password(let username, let password):
            login.username = username
            login.password = password
        case .signature(let secret):
            let product = options.product
            let timestamp = String(SystemClock.nanoseconds() / 1_000_000)
            login.clientID = "\(product)|securemode=4,signmethod=sha256,timestamp=\(timestamp)|"
            login.username = Role.channelUsername(product: product)
            login.password =
                Signature(
                    clientID: product, deviceKey: Role.channelKey, productKey: product, timestamp: timestamp,
                    secret: secret, method: .sha256)?.password
            guard login.password != nil else { throw .invalid("libcrypto has no sha256 for the signature") }
        }
        return login
    }

    // MARK: MQTTReceiver

    func connected(refusal: MQTTError?, hasSession _: Bool) {
        if case .refused(let code, let reason) = refusal {
            if code == Self.unavailable {
                failure = "the broker takes no senders at the moment"
            } else {
                self.refusal = .refused(host: options.host, port: options.port, reason: reason)
            }
            return
        }
        do throws(MQTTError) {
            _ = try connection?.subscribe([replyTopic], qos: 1)
            state = .subscribing
            deadline = SystemClock.monotonicNanoseconds() + Self.answerNanoseconds
        } catch {
            failure = error.description
        }
    }

    func subscribed(id _: Int32, codes: [Int32]) {
        guard codes.allSatisfy({ $0 < 128 }) else {
            refusal = .refused(
                host: options.host, port: options.port,
                reason: "replies on \(replyTopic) are not ours to read")
            return
        }
        state = .ready
        generation += 1
        trouble = nil
        backoff = Self.firstBackoff
    }

    func received(_ message: MQTTMessageView) {
        guard message.topic.elementsEqual(replyTopic.utf8), let reply = Reply(message.payload) else { return }
        replies.append(reply)
    }

    func published(id _: Int32) {}
}
