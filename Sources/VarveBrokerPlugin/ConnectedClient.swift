// ConnectedClient.swift — a client that has logged in.

import VarveAccess

/// What the plugin keeps of a client from its login to its end.
final class ConnectedClient {
    let role: Role
    let rights: TopicRights
    let clientID: String
    let username: String
    let address: String
    /// The name of its product's channel.
    let channel: String?
    /// Whether it has published since it was last looked at.
    var hasSent = false

    init(role: Role, clientID: String, username: String, address: String, channel: String?) {
        self.role = role
        rights = TopicRights(role)
        self.clientID = clientID
        self.username = username
        self.address = address
        self.channel = channel
    }

    /// An event of this client.
    func event(_ kind: ConnectionEvent.Kind, time: Int64, detail: String) -> ConnectionEvent {
        ConnectionEvent(
            time: time, kind: kind, clientID: clientID, username: username, address: address,
            product: role.product, channel: channel, detail: detail)
    }
}
