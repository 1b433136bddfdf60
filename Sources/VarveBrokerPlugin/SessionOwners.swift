// SessionOwners.swift — which product a client id belongs to while the broker keeps something under it.
//
// A login takes over the session of its client id, whoever made it: it throws the other client out, and with a
// clean session it destroys the replies that wait there. So an id that one product uses is refused to the others.
//
// Invariants:
// - An id has one owner: from the owner's login to its end, and as long as the broker may hold a session for it.
// - At most `absentLimit` ids of clients that are away are remembered; those that were away longest are forgotten.

/// The products behind the client ids in use.
struct SessionOwners {
    private struct Owner {
        var product: String
        var connections = 0
        /// When it was last seen, in nanoseconds of the monotonic clock.
        var seen: Int64
    }

    /// How long the broker keeps a session whose client is away (`persistent_client_expiration`).
    static let sessionNanoseconds: Int64 = 90 * 86_400 * 1_000_000_000
    private let absentLimit: Int
    private var owners: [String: Owner] = [:]
    private var absent = 0

    /// - Parameter absentLimit: Clients that are away and remembered, at most.
    init(absentLimit: Int = 65_536) {
        self.absentLimit = absentLimit
    }

    /// The product that a client id belongs to.
    func owner(of clientID: String, now: Int64) -> String? {
        guard let owner = owners[clientID] else { return nil }
        let isHeld = owner.connections > 0 || now - owner.seen < Self.sessionNanoseconds
        return isHeld ? owner.product : nil
    }

    /// A client of a product has logged in.
    mutating func connected(_ clientID: String, product: String, now: Int64) {
        var owner = take(clientID, product, now)
        owner.connections += 1
        put(owner, clientID)
    }

    /// A client that had logged in is gone.
    ///
    /// - Parameter keepsSession: Whether the broker may hold messages for its return.
    mutating func disconnected(_ clientID: String, product: String, keepsSession: Bool, now: Int64) {
        var owner = take(clientID, product, now)
        owner.connections = max(0, owner.connections - 1)
        if owner.connections > 0 || keepsSession { put(owner, clientID) }
    }

    /// The broker has a message for a client that is away.
    mutating func expected(_ clientID: String, product: String, now: Int64) {
        guard owners[clientID] == nil else { return }
        put(Owner(product: product, seen: now), clientID)
    }

    private mutating func take(_ clientID: String, _ product: String, _ now: Int64) -> Owner {
        guard var owner = owners.removeValue(forKey: clientID) else {
            return Owner(product: product, seen: now)
        }
        if owner.connections == 0 { absent -= 1 }
        if owner.product != product { owner = Owner(product: product, seen: now) }
        owner.seen = now
        return owner
    }

    private mutating func put(_ owner: Owner, _ clientID: String) {
        owners[clientID] = owner
        guard owner.connections == 0 else { return }
        absent += 1
        if absent > absentLimit { forgetOldest() }
    }

    /// Forgets half of the clients that are away, so that it is done rarely.
    private mutating func forgetOldest() {
        let away = owners.filter { $0.value.connections == 0 }.sorted { $0.value.seen < $1.value.seen }
        for (clientID, _) in away.prefix(away.count / 2 + 1) { owners[clientID] = nil }
        absent = away.count - (away.count / 2 + 1)
    }
}
