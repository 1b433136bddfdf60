// Link.swift — the connection to the broker: logs in, subscribes to the replies and reconnects after a break.
//
// Invariants:
// - The link is ready only after the broker has confirmed the subscription, so no reply is missed.
// - `generation` grows each time the link becomes ready: messages sent before may be lost.
// - A broker whose certificate is not accepted gets nothing, not even the login.
// - The connection is dropped outside the calls of the receiver.

import VarveAccess
import VarveChannel
import VarveMQTT
import VarvePlatform

/// Keeps a connection.
final class Link: MQTTReceiver {
    /// Why there is no connection; nil while there is one.
    private(set) var trouble: String?
    private let options: PublisherOptions
    private let topic: String
    private let replyTopic: String
    private var connection: MQTTConnection?
    private var session: SessionStateMachine
    private var nextHousekeeping: Int64 = 0
    private var replies: [Reply] = []
    /// Whether it was found out if the port speaks TLS.
    private var hasProbed = false

    private static let second: Int64 = 1_000_000_000
    /// The return code "server unavailable" of MQTT 3.1.1: the link connects again later.
    private static let unavailable: Int32 = 3

    init(_ options: PublisherOptions) {
        self.options = options
        let backoff = Backoff(milliseconds: 100...10_000)
        session = SessionStateMachine(.init(subscribes: true, givesUpRefused: true, backoff: backoff))
        topic = ChannelTopic.measurepointPost(product: options.product)
        replyTopic = ChannelTopic.reply(to: topic)
    }

    /// The number of times that the link became ready.
    var generation: Int { session.generation }

    /// Whether messages can be sent.
    var isReady: Bool { session.isReady }

    /// Whether a connection is being opened.
    var isOpening: Bool { session.isOpening }

    private static var now: Int64 { SystemClock.monotonicNanoseconds() }

    /// Returns the replies received since the last call.
    func takeReplies() -> [Reply] {
        defer { replies.removeAll(keepingCapacity: true) }
        return replies
    }

    /// Queues a message, which the next `step` sends; without effect while the link is not ready.
    ///
    /// - Throws: `PublisherError.invalid` for a message that MQTT cannot carry, `refused`, `notEncrypted`.
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
        case .failure(let error):
            session.note(.failed(.lost(error)), now: Self.now)
            try advanceSession()
        }
    }

    /// Connects if there is no connection, sends queued messages and reads what has arrived.
    ///
    /// - Parameter milliseconds: The longest wait if there is nothing to do.
    /// - Throws: `PublisherError.refused`, `notEncrypted`.
    func step(milliseconds: Int32) throws(PublisherError) {
        let now = Self.now
        switch session.next(now: now) {
        case .wait(let until):
            SystemClock.sleep(nanoseconds: min(Int64(milliseconds) * 1_000_000, until - now))
        case .connect: attempt { () throws(MQTTError) in try connect() }
        case .exchange: attempt { () throws(MQTTError) in try exchange(milliseconds, now: now) }
        case .subscribe, .drop, .giveUp, .sayGoodbye, .end: break
        }
        try advanceSession()
    }

    /// Closes the connection.
    func disconnect() {
        if isReady { connection?.disconnect() }
        close()
        session.note(.closed, now: Self.now)
    }

    /// Gives up where no attempt can end in a connection with TLS, or in one without.
    ///
    /// Once the link was ready, a fault of the broker may pass, so the link tries again.
    ///
    /// - Throws: `PublisherError.notEncrypted`.
    private func giveUpWithoutEncryption(_ failure: SessionStateMachine.Failure) throws(PublisherError) {
        guard generation == 0 else { return }
        var found: EncryptionFailure?
        if case .lost(.encryption(_, _, let failure)) = failure, failure.isLasting { found = failure }
        if options.encryption == nil, !hasProbed, case .lost(.lost) = failure {
            hasProbed = true
            if MQTTConnection.speaksTLS(host: options.host, port: options.port) { found = .onlyEncrypted }
        }
        guard let found else { return }
        if case .unusableFile(let reason) = found { throw .invalid(reason) }
        throw .notEncrypted(
            host: options.host, port: options.port, reason: "\(found)\(Self.remedy(of: found, options))")
    }

    private static func remedy(of failure: EncryptionFailure, _ options: PublisherOptions) -> String {
        switch failure {
        case .unknownAuthority: "; name the file of the authority's certificate with --ca"
        case .expired:
            "; renew it there (varve channel tls --renew for one that Varve made), or mend this machine's clock"
        case .notYetValid: "; mend the clock of this machine or of the broker's"
        case .wrongName:
            " than \(options.host); use a name that it has, or make one with varve channel tls --host \(options.host)"
        case .notEncrypted: "; use its port for TLS, by custom 18883, or send without --tls and mqtts://"
        case .onlyEncrypted: "; send with --tls, or with mqtts:// in the URL"
        case .certificateWanted: "; name one and its key with --cert and --key"
        case .certificateRefused:
            "; name one that an authority of the broker has signed with --cert and --key"
        case .unusableFile, .other: ""
        }
    }

    /// Takes the steps of the session that need no waiting.
    ///
    /// - Throws: `PublisherError.refused` if the broker refuses the login or the subscription, `notEncrypted`.
    private func advanceSession() throws(PublisherError) {
        while true {
            switch session.next(now: Self.now) {
            case .subscribe:
                attempt { () throws(MQTTError) in _ = try connection?.subscribe([replyTopic], qos: 1) }
            case .drop(let failure):
                close()
                trouble = reason(of: failure)
                try giveUpWithoutEncryption(failure)
            case .giveUp(let failure):
                close()
                throw .refused(host: options.host, port: options.port, reason: reason(of: failure))
            case .wait, .connect, .exchange, .sayGoodbye, .end: return
            }
        }
    }

    /// Runs a step; a failure is noted in the session.
    private func attempt(_ body: () throws(MQTTError) -> Void) {
        do throws(MQTTError) {
            try body()
        } catch {
            session.note(.failed(.lost(error)), now: Self.now)
        }
    }

    private func connect() throws(MQTTError) {
        let connection = MQTTConnection(try login(), receiver: self)
        self.connection = connection
        try connection.connect()
        session.note(.opened, now: Self.now)
        nextHousekeeping = 0
        try connection.flush()
    }

    private func exchange(_ milliseconds: Int32, now: Int64) throws(MQTTError) {
        guard let connection else { return }
        try connection.flush()
        if connection.wait(milliseconds: milliseconds) { try connection.readAvailable { false } }
        if now >= nextHousekeeping {
            nextHousekeeping = now + Self.second
            try connection.housekeeping()
        }
        if session.mayWrite { try connection.flush() }
    }

    private func close() {
        connection?.drop()
        connection = nil
    }

    private func reason(of failure: SessionStateMachine.Failure) -> String {
        switch failure {
        case .lost(let error): error.description
        case .loginRefused(.refused(_, let reason)): reason
        case .loginRefused(let error): error.description
        case .subscriptionRefused: "this login may not read the replies on \(replyTopic)"
        case .silent: "the broker does not answer the login"
        case .unproven, .distrusted, .interrupted: "the broker cannot be trusted"
        }
    }

    private func login() throws(MQTTError) -> MQTTOptions {
        let id = options.clientID ?? "\(options.product)-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        var login = MQTTOptions(host: options.host, port: options.port, clientID: id)
        login.encryption = options.encryption.map {
            MQTTEncryption(authority: $0.authority, certificate: $0.certificate, key: $0.key)
        }
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
        switch refusal {
        case .refused(Self.unavailable, _):
            let reason = MQTTError.invalid("the broker takes no senders at the moment")
            session.note(.failed(.lost(reason)), now: Self.now)
        case .some(let refusal): session.note(.failed(.loginRefused(refusal)), now: Self.now)
        case nil: session.note(.accepted, now: Self.now)
        }
    }

    func subscribed(id _: Int32, codes: [Int32]) {
        if let code = codes.first(where: { $0 >= 128 }) {
            return session.note(.failed(.subscriptionRefused(code: code)), now: Self.now)
        }
        session.note(.subscribed, now: Self.now)
        trouble = nil
    }

    func received(_ message: MQTTMessageView) {
        guard message.topic.elementsEqual(replyTopic.utf8), let reply = Reply(message.payload) else { return }
        replies.append(reply)
    }

    func published(id _: Int32) {}
}
