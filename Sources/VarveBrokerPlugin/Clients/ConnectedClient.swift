// ConnectedClient.swift — a client that has logged in.

import VarveAccess
import VarveChannel

/// What the plugin knows about a client from its login to its end.
final class ConnectedClient {
    let role: Role
    let rights: TopicRights
    /// What it logged in with.
    let attempt: LoginAttempt
    let clientID: String
    let username: String
    let address: String
    /// The name of its product's channel.
    let channel: String?
    /// The answers that are held for it; nil for the service.
    let answers: AnswerQueue?
    /// Whether it has published, or was sent the answer to a message of an earlier connection.
    var sends = false
    /// Whether it may have a subscription.
    var subscribes = false { didSet { answers?.isSubscribed = subscribes } }
    /// Its subscriptions, and what they cost in the broker.
    var subscriptions = ClientSubscriptions()
    /// Whether it has logged in only to be told the secret of its device.
    var isActivation: Bool { if case .activation = role { true } else { false } }
    /// Whether AnswerDelivery counts it among the clients that listen.
    var isCountedListener = false
    /// The highest quality of service with which it may be sent answers: that of its subscriptions; 1 without any.
    var grantedQuality: Int32 { subscribedQuality ?? 1 }
    private var subscribedQuality: Int32?
    /// When it last published, in nanoseconds of the monotonic clock.
    var lastSent = Int64.min
    /// Whether another login has taken its client id.
    ///
    /// Anything it sends from then on is its last will.
    var isReplaced = false
    /// Why the plugin disconnects it, for the log; empty if the plugin does not.
    var disconnectReason = ""
    private let socket: ClientSocket?
    /// The bytes that it had sent before counting began.
    private let receivedBefore: Int
    /// The bytes of the packets that the plugin has seen whole.
    private var seenBytes = 0

    init(
        role: Role, attempt: LoginAttempt, address: String, channel: String?, socket: ClientSocket?
    ) {
        self.role = role
        rights = TopicRights(role)
        self.attempt = attempt
        clientID = attempt.clientID
        username = attempt.username ?? ""
        self.address = address
        self.channel = channel
        self.socket = socket
        receivedBefore = socket?.bytesReceived() ?? 0
        answers = role.product.map { AnswerQueue(product: $0, socket: socket) }
    }

    /// Records a subscription.
    func recordSubscription(quality: Int) {
        subscribes = true
        subscribedQuality = max(subscribedQuality ?? 0, quality > 0 ? 1 : 0)
    }

    /// Counts a packet with a topic, of about this size in bytes.
    func countPacket(topic: Int, rest: Int) { seenBytes += topic + rest + 6 }

    /// The bytes that it sent outside the packets seen: an unfinished message, acknowledgements, pings.
    var unseenBytes: Int {
        guard let received = socket?.bytesReceived() else { return 0 }
        return max(0, received - receivedBefore - seenBytes)
    }

    /// Makes an event of this client, for the events file.
    func event(_ kind: ConnectionEvent.Kind, time: Int64, detail: String) -> ConnectionEvent {
        ConnectionEvent(
            time: time, kind: kind, clientID: clientID, username: username, address: address,
            product: role.product, channel: channel, detail: detail)
    }
}
