// SessionTable.swift — which product each client id belongs to, and how many sessions the broker keeps.
//
// A login takes over the session of its client id, whoever made it. It disconnects the other client, and with
// a clean session it destroys the answers that wait there. So an id that one product uses is refused to the
// others.
//
// Invariants:
// - An id has one owner, from the owner's login to its end and as long as the broker may hold a session for
//   it.
// - A session that is surely kept is not forgotten before the broker forgets it. The number of such sessions
//   is limited.
// - An MQTT 5 client may keep a session that the plugin cannot see. Of these, the newest are remembered.

import VarveModel

/// The products of the client ids in use, and the sessions that are kept.
public struct SessionTable: Sendable {
    /// Whether the broker holds a session for a client that is away.
    public enum Keeping: Int, Comparable, Sendable {
        case nothing, perhaps, surely

        /// Orders by how certain it is that a session is held.
        public static func < (left: Keeping, right: Keeping) -> Bool { left.rawValue < right.rawValue }
    }

    private struct Session: Sendable {
        var product: Name
        var connections = 0
        var keeping = Keeping.nothing
        /// Whether the client has subscribed with a quality of service for which messages are kept.
        var keepsAnswers = false
        /// Whether the client has published, or had an answer, since the session began.
        var hasSent = false
        /// When the client was last seen, in nanoseconds of the monotonic clock.
        var seen: Int64
    }

    /// How long the broker keeps the session of a client that is away (`persistent_client_expiration`): 90
    /// days.
    static let sessionNanoseconds: Int64 = 90 * 86_400 * 1_000_000_000
    private let limit: Int
    private let perhapsLimit: Int
    private var sessions: [Name: Session] = [:]
    private var kept: [Name: Int] = [:]
    private var keptInAll = 0
    private var perhaps = 0
    private var nextPurge: Int64 = .min

    /// - Parameters:
    ///   - limit: The most sessions that are kept. One product may have a quarter of them.
    ///   - perhapsLimit: The most sessions remembered that the broker perhaps keeps.
    public init(limit: Int = 4096, perhapsLimit: Int = 65_536) {
        self.limit = limit
        self.perhapsLimit = perhapsLimit
    }

    private var productLimit: Int { max(1, limit / 4) }

    /// The product that a client id belongs to; nil if it is free.
    public func owner(of clientID: String, now: Int64) -> String? {
        guard let session = sessions[Name(clientID)] else { return nil }
        let isHeld = session.connections > 0 || now - session.seen < Self.sessionNanoseconds
        return isHeld ? session.product.text : nil
    }

    /// Why a session of a product cannot be kept; nil if it can.
    ///
    /// Once an hour it also forgets expired sessions.
    public mutating func refusal(of clientID: String, product: String, now: Int64) -> String? {
        if let session = sessions[Name(clientID)], session.keeping == .surely,
            session.product == Name(product)
        {
            return nil
        }
        purge(now: now)
        if kept[Name(product), default: 0] >= productLimit {
            return "this product keeps \(productLimit) sessions, the most: use a clean session"
        }
        return keptInAll < limit ? nil : "the broker keeps \(limit) sessions, the most: use a clean session"
    }

    /// Records a session that the broker has kept from an earlier run.
    public mutating func restore(_ clientID: String, product: String, keepsAnswers: Bool, now: Int64) {
        set(
            clientID, Session(product: Name(product), keeping: .surely, keepsAnswers: keepsAnswers, seen: now)
        )
    }

    /// Whether a client of this id is logged in.
    public func isConnected(_ clientID: String) -> Bool { (sessions[Name(clientID)]?.connections ?? 0) > 0 }

    /// Records that a client has subscribed with a quality of service for which messages are kept.
    public mutating func recordSubscribed(_ clientID: String) {
        sessions[Name(clientID)]?.keepsAnswers = true
    }

    /// Whether messages are kept for a client that is away.
    public func keepsAnswers(_ clientID: String) -> Bool { sessions[Name(clientID)]?.keepsAnswers ?? false }

    /// The product with the most sessions that are perhaps kept, and their number; nil if no session is.
    public func mostPerhapsKept() -> (product: String, count: Int)? {
        var counts: [Name: Int] = [:]
        for session in sessions.values where session.keeping == .perhaps && session.connections == 0 {
            counts[session.product, default: 0] += 1
        }
        return counts.max { $0.value < $1.value }.map { ($0.key.text, $0.value) }
    }

    /// Records the login of a client, which continues or ends the session under its id.
    public mutating func recordConnected(_ clientID: String, product: String, keeping: Keeping, now: Int64) {
        let old = sessions[Name(clientID)]
        // A session that is continued has its subscriptions, and its client may wait for answers.
        let continued = keeping == .surely && old?.product == Name(product) ? old : nil
        set(
            clientID,
            Session(
                product: Name(product), connections: (old?.connections ?? 0) + 1, keeping: keeping,
                keepsAnswers: continued?.keepsAnswers ?? false, hasSent: continued?.hasSent ?? false,
                seen: now))
    }

    /// Records that a client has published or had an answer: its session is that of a sender.
    public mutating func recordSent(_ clientID: String) { sessions[Name(clientID)]?.hasSent = true }

    /// Whether the session of a client is that of a sender.
    public func hasSent(_ clientID: String) -> Bool { sessions[Name(clientID)]?.hasSent ?? false }

    /// Whether the broker may keep an answer for a client of this product that is away.
    public func mayKeepAnswer(forAway clientID: String, product: String) -> Bool {
        guard let session = sessions[Name(clientID)], session.connections == 0 else { return false }
        return session.keepsAnswers && session.product == Name(product)
    }

    /// Whether the broker keeps what a client has not acknowledged when it goes.
    public func keepsUnacknowledged(_ clientID: String) -> Bool {
        sessions[Name(clientID)].map { $0.keepsAnswers || $0.keeping == .surely } ?? false
    }

    /// Records that a client that had logged in has disconnected.
    public mutating func recordDisconnected(_ clientID: String, product: String, now: Int64) {
        guard var session = sessions[Name(clientID)], session.product == Name(product) else { return }
        session.connections = max(0, session.connections - 1)
        session.seen = now
        set(clientID, session.connections == 0 && session.keeping == .nothing ? nil : session)
    }

    /// Records that the broker holds a session for a client that is away: it has asked whether to keep a
    /// message for it.
    ///
    /// - Returns: Whether messages may be kept for it.
    public mutating func recordAway(_ clientID: String, product: String, now: Int64) -> Bool {
        if let session = sessions[Name(clientID)], session.keeping == .surely {
            return session.product == Name(product)
        }
        guard refusal(of: clientID, product: product, now: now) == nil else { return false }
        let old = sessions[Name(clientID)]
        set(
            clientID,
            Session(
                product: Name(product), keeping: .surely, keepsAnswers: old?.keepsAnswers ?? true,
                hasSent: old?.hasSent ?? false, seen: now))
        return true
    }

    private mutating func set(_ clientID: String, _ session: Session?) {
        if let old = sessions[Name(clientID)] { count(old, -1) }
        sessions[Name(clientID)] = session
        guard let session else { return }
        count(session, 1)
        if perhaps > perhapsLimit { forgetOldest() }
    }

    private mutating func count(_ session: Session, _ step: Int) {
        switch session.keeping {
        case .surely:
            keptInAll += step
            let number = kept[session.product, default: 0] + step
            kept[session.product] = number > 0 ? number : nil
        case .perhaps: if session.connections == 0 { perhaps += step }
        case .nothing: break
        }
    }

    /// Forgets sessions that the broker has forgotten, at most once an hour.
    private mutating func purge(now: Int64) {
        guard now >= nextPurge else { return }
        nextPurge = now + 3_600_000_000_000
        let over = sessions.filter {
            $0.value.connections == 0 && now - $0.value.seen >= Self.sessionNanoseconds
        }
        for clientID in over.keys { set(clientID.text, nil) }
    }

    /// Forgets the older half of the sessions that are perhaps kept, so that this is rarely done.
    private mutating func forgetOldest() {
        let away = sessions.filter { $0.value.connections == 0 && $0.value.keeping == .perhaps }
            .sorted { $0.value.seen < $1.value.seen }
        for (clientID, _) in away.prefix(away.count / 2 + 1) { set(clientID.text, nil) }
    }
}
