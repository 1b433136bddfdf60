// ConnectedClient.swift — a client that has logged in.

import VarveAccess
import VarveChannel

/// What the plugin keeps of a client from its login to its end.
final class ConnectedClient {
    let role: Role
    let rights: TopicRights
    let clientID: String
    let username: String
    let address: String
    /// The name of its product's channel.
    let channel: String?
    /// The answers that are held for it; nil for the service.
    let answers: AnswerQueue?
    /// When it last published, in nanoseconds of the monotonic clock.
    var lastSent = Int64.min
    /// Whether another login has taken its client id: what it sends from now on is its last will.
    var isReplaced = false
    /// Why it is being disconnected.
    var farewell = ""
    private let socket: ClientSocket?
    /// Bytes that had come before anything was counted.
    private let receivedBefore: Int
    /// Bytes of the packets that were seen whole.
    private var counted = 0

    init(
        role: Role, attempt: LoginAttempt, address: String, channel: String?, socket: ClientSocket?
    ) {
        self.role = role
        rights = TopicRights(role)
        clientID = attempt.clientID
        username = attempt.username ?? ""
        self.address = address
        self.channel = channel
        self.socket = socket
        receivedBefore = socket?.received() ?? 0
        answers = role.product.map { AnswerQueue(product: $0, socket: socket) }
    }

    /// A packet with a topic came, of about this size.
    func received(topic: Int, rest: Int) { counted += topic + rest + 6 }

    /// Bytes that came and belong to no packet seen: an unfinished message, acknowledgements, signs of life.
    var unseenBytes: Int {
        guard let received = socket?.received() else { return 0 }
        return max(0, received - receivedBefore - counted)
    }

    /// An event of this client.
    func event(_ kind: ConnectionEvent.Kind, time: Int64, detail: String) -> ConnectionEvent {
        ConnectionEvent(
            time: time, kind: kind, clientID: clientID, username: username, address: address,
            product: role.product, channel: channel, detail: detail)
    }
}
