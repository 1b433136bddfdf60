// AnswerDelivery.swift — who gets an answer: the client whose message it answers, and clients that only listen.
//
// To its addressee an answer goes by client id, with or without a subscription. To the clients that listen it
// goes by subscription; then the broker asks for each subscriber, and shows neither the message's properties nor
// any number of it. So the decision follows from the client: who sends gets nothing by subscription.
//
// Invariants:
// - Answers are handed to the broker at a tick. The broker delivers them before it does anything else, so no
//   client logs in, publishes, subscribes or leaves between the decision and the delivery.
// - By client id an answer goes only to a client that is connected and may read its topic. (mosquitto 2.0 never
//   frees one that it does not queue.)
// - A client gets an answer by client id or by subscription, never both.

import VarveAccess
import VarveChannel
import VarveModel
import VarvePlatform

/// The name of a client as bytes, so that a lookup makes no text.
private enum ClientKey: Hashable {
    case own([UInt8])
    case borrowed(UnsafeRawBufferPointer)

    private func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch self {
        case .own(let bytes): bytes.withUnsafeBytes(body)
        case .borrowed(let bytes): body(bytes)
        }
    }

    static func == (left: ClientKey, right: ClientKey) -> Bool {
        left.withBytes { left in right.withBytes { left.elementsEqual($0) } }
    }

    func hash(into hasher: inout Hasher) { withBytes { hasher.combine(bytes: $0) } }
}

/// The answers between the service and the broker, and the clients that may get them.
struct AnswerDelivery {
    /// What the broker does when it asks whether a client may read a message.
    enum Moment: Equatable {
        /// It delivers answers that the plugin has published by topic.
        case delivering
        /// It checks what waited for this client, which has just logged in.
        case resuming(OpaquePointer)
        case other
    }

    /// Topics and payloads of answers that go by subscription, for a check of equality.
    private typealias Contents = Set<[UInt8]>

    /// The most bytes of correlation data that go by subscription.
    static let uncountedBytes = 256
    var moment = Moment.other
    /// The bundles of the service since the last tick.
    fileprivate var bundles: [[UInt8]] = []
    private var clients: [ClientKey: ConnectedClient] = [:]
    /// The number of clients that listen, by product.
    private var listeners: [Name: Int] = [:]
    /// The answers of this moment without an addressee.
    private var forEverybody: Contents = []
    /// The answers of this moment for clients that are away.
    private var forAway: [Name: Contents] = [:]

    /// The connected client of a name.
    fileprivate func client(_ name: UnsafeRawBufferPointer) -> ConnectedClient? {
        clients[.borrowed(name)]
    }

    /// Adds a client that has logged in; it takes the place of another one with its name.
    mutating func add(_ client: ConnectedClient) {
        clients[.own(Array(client.clientID.utf8))] = client
        update(client)
    }

    /// Removes a client that has disconnected.
    mutating func remove(_ client: ConnectedClient) {
        let name = ClientKey.own(Array(client.clientID.utf8))
        if clients[name] === client { clients[name] = nil }
        count(client, isListener: false)
    }

    /// Counts a client whose `sends` or `subscribes` has changed.
    mutating func update(_ client: ConnectedClient) {
        count(client, isListener: client.subscribes && !client.sends)
    }

    private mutating func count(_ client: ConnectedClient, isListener: Bool) {
        guard let product = client.role.product, client.isCountedListener != isListener else { return }
        client.isCountedListener = isListener
        let number = listeners[Name(product), default: 0] + (isListener ? 1 : -1)
        listeners[Name(product)] = number > 0 ? number : nil
    }

    /// Whether a client of the product listens.
    fileprivate func hasListeners(_ product: String) -> Bool { listeners[Name(product)] != nil }

    /// Ends the moment of the last tick.
    fileprivate mutating func beginMoment() {
        moment = .other
        if !forEverybody.isEmpty { forEverybody = [] }
        if !forAway.isEmpty { forAway = [:] }
    }

    /// Lets every subscriber have an answer.
    fileprivate mutating func allowEverybody(_ reply: ForwardedReply) {
        forEverybody.insert(Self.content(reply.topic, reply.payload))
    }

    /// Lets the session of a client that is away have an answer.
    fileprivate mutating func allow(away clientID: String, _ reply: ForwardedReply) {
        forAway[Name(clientID), default: []].insert(Self.content(reply.topic, reply.payload))
    }

    /// Whether a sender may have an answer of this moment by subscription.
    func allowsSender(topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer) -> Bool {
        !forEverybody.isEmpty && forEverybody.contains(Self.content(topic, payload))
    }

    /// Whether the session of a client that is away may have an answer of this moment.
    ///
    /// An answer to somebody else that is equal to one of its own counts as its own.
    func allowsAway(
        _ clientID: () -> String?, topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
    ) -> Bool {
        if allowsSender(topic: topic, payload: payload) { return true }
        guard !forAway.isEmpty, let contents = clientID().flatMap({ forAway[Name($0)] }) else { return false }
        return contents.contains(Self.content(topic, payload))
    }

    private static func content(
        _ topic: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer
    ) -> [UInt8] {
        Array(topic) + [0] + Array(payload)
    }
}

extension AccessControl {
    /// How an answer is handed to the broker.
    enum AnswerRoute {
        /// To one client, which is connected.
        case client
        /// To all that subscribe and may read it.
        case subscribers
    }

    /// Keeps a bundle of the service's answers until the next tick.
    ///
    /// False for a message of anybody else.
    func keepReplies(_ client: OpaquePointer, _ bundle: UnsafeRawBufferPointer) -> Bool {
        guard isService(client) else { return false }
        delivery.bundles.append(Array(bundle))
        return true
    }

    /// Hands the kept answers to `publish`; called at the end of a tick.
    ///
    /// - Returns: The number of bundles that are damaged; nothing of them is published.
    func deliverReplies(_ publish: (ForwardedReply, AnswerRoute) -> Void) -> Int {
        delivery.beginMoment()
        answers.beginTick()
        guard !delivery.bundles.isEmpty else { return 0 }
        var bundles: [[UInt8]] = []
        swap(&bundles, &delivery.bundles)
        var damaged = 0
        for bundle in bundles {
            let count = bundle.withUnsafeBytes { bundle in
                ReplyBundle.read(bundle) { deliver($0, publish) }
            }
            if count == nil { damaged += 1 }
        }
        return damaged
    }

    private func deliver(_ reply: ForwardedReply, _ publish: (ForwardedReply, AnswerRoute) -> Void) {
        var goesByTopic = false
        if let names = TopicRights.activationNames(of: reply.topic) {
            return deliver(activation: reply, product: names.product, publish)
        }
        if reply.client.isEmpty {
            delivery.allowEverybody(reply)
            goesByTopic = true
        } else if let known = delivery.client(reply.client), known.rights.mayRead(reply.topic) {
            recordSender(known)
            var reply = reply
            reply.qos = min(reply.qos, known.grantedQuality)
            let mayHold = mayHold(
                known, bytes: reply.byteCount, topic: reply.topic, quality: Int(reply.qos), isSentLater: true)
            if mayHold { publish(reply, .client) }
            if let product = known.role.product { goesByTopic = delivery.hasListeners(product) }
        } else {
            let product = String(decoding: TopicRights.product(of: reply.topic), as: UTF8.self)
            let clientID = String(decoding: reply.client, as: UTF8.self)
            goesByTopic = delivery.hasListeners(product)
            let hasSession = sessions.mayKeepAnswer(forAway: clientID, product: product)
            // The broker keeps no answer of quality 0.
            if reply.qos > 0, hasSession {
                delivery.allow(away: clientID, reply)
                goesByTopic = true
            } else if !goesByTopic {
                recordUnheard(reply, clientID: clientID, product: product, hasSession: hasSession)
            }
        }
        guard goesByTopic else { return }
        delivery.moment = .delivering
        var copy = reply
        // The broker's questions do not show these bytes, so they would not be counted.
        if copy.correlation.count > AnswerDelivery.uncountedBytes {
            copy.correlation = UnsafeRawBufferPointer(start: nil, count: 0)
        }
        publish(copy, .subscribers)
    }

    /// Tells a device its secret: the client that logged in for it, and nobody else.
    private func deliver(
        activation reply: ForwardedReply, product: String,
        _ publish: (ForwardedReply, AnswerRoute) -> Void
    ) {
        if let known = delivery.client(reply.client), known.rights.mayRead(reply.topic), !known.isReplaced {
            return publish(reply, .client)
        }
        let clientID = String(decoding: reply.client, as: UTF8.self)
        recordUnheard(reply, clientID: clientID, product: product, hasSession: false)
    }

    /// Logs that nobody gets an answer, and why.
    private func recordUnheard(
        _ reply: ForwardedReply, clientID: String, product: String, hasSession: Bool
    ) {
        let reason =
            if TopicRights.isActivationTopic(reply.topic) {
                "it is away; its device counts as activated until varve device reset"
            } else if delivery.client(reply.client) != nil {
                "another product uses its client id by now"
            } else if hasSession {
                "it is away, and an answer with quality of service 0 is not kept"
            } else {
                "it is away, and has no session that keeps answers"
            }
        let topic = String(decoding: reply.topic, as: UTF8.self)
        record(
            ConnectionEvent(
                time: SystemClock.nanoseconds(), kind: .unheard, clientID: clientID, product: product,
                channel: directory?.channelName(product: product),
                detail: "nobody got an answer on \(topic): \(reason)"))
    }

    /// Records that a client has published or is sent an answer of its own.
    ///
    /// From now on it gets the answers to its own messages only.
    func recordSender(_ client: ConnectedClient) {
        guard !client.sends else { return }
        client.sends = true
        recordSentSession(client)
        delivery.update(client)
    }
}
