// Admission.swift — every check that a login must pass.

import VarveAccess
import VarveChannel
import VarveModel
import VarvePlatform

/// How a login ends.
enum LoginAnswer {
    case accepted
    /// The service's login. The answer carries this proof that the plugin knows the secret.
    case acceptedService(proof: [UInt8])
    case refused
    /// The plugin has no room or no credentials to decide with, so the same login may be accepted later.
    case unavailable
}

/// How many activations may begin: each is a line in the events file and work for the service.
struct ActivationRate {
    /// The most in a second.
    static let limit = 20
    private var second: Int64 = .min
    private var count = 0

    /// Counts an activation; why it may not begin now, or nil if it may.
    mutating func refusal(now: Int64) -> String? {
        let current = now / 1_000_000_000
        if current != second { (second, count) = (current, 0) }
        count += 1
        return count > Self.limit ? "more than \(Self.limit) activations in a second: again in 1 s" : nil
    }
}

/// The decision on a login, before anything is counted for it.
enum Admission {
    case accepted(Role, channel: String?)
    case refused(String, LoginAnswer, product: String?, channel: String?)
}

extension AccessControl {
    /// Decides on a login.
    ///
    /// - Parameter now: A clock that never goes back, in nanoseconds.
    func admission(_ attempt: LoginAttempt, keeping: SessionTable.Keeping, now: Int64) -> Admission {
        guard let directory else {
            return .refused(
                "the broker has no credentials yet: the service has not written them", .unavailable,
                product: nil, channel: nil)
        }
        let names = ClientLimits.refusal(clientID: attempt.clientID, username: attempt.username ?? "")
        if let names { return .refused(names, .refused, product: nil, channel: nil) }
        switch directory.decide(attempt, now: SystemClock.nanoseconds()) {
        case .refused(let reason, let product, let channel):
            return .refused(reason, .refused, product: product, channel: channel)
        case .accepted(let role, let channel):
            guard let product = role.product else {
                if let reason = repetition(attempt) {
                    return .refused(reason, .refused, product: nil, channel: nil)
                }
                return .accepted(role, channel: channel)
            }
            func refused(_ reason: String, _ answer: LoginAnswer) -> Admission {
                .refused(reason, answer, product: product, channel: channel)
            }
            // A client with one of the service's ids would take over its session, and with it everybody's
            // messages.
            if ServiceClient.owns(attempt.clientID) {
                return refused("this client id is the service's own", .refused)
            }
            // No client of a product without a channel can come back.
            if let owner = sessions.owner(of: attempt.clientID, now: now), !owner.sameBytes(as: product),
                directory.channelName(product: owner) != nil
            {
                return refused(
                    "a client of another product uses this client id; choose another", .refused)
            }
            if let reason = refusal(product: product, keeping: keeping, now: now) {
                return refused(reason, .unavailable)
            }
            if case .activation = role, let reason = activationRefusal(attempt, now: now) {
                return refused(reason, .unavailable)
            }
            if keeping == .surely,
                let reason = sessionRefusal(of: attempt.clientID, product: product, now: now)
            {
                return refused(reason, .refused)
            }
            return .accepted(role, channel: channel)
        }
    }

    /// Why no device can be told its secret now; nil if one can.
    private func activationRefusal(_ attempt: LoginAttempt, now: Int64) -> String? {
        if attempt.clientID.utf8.count > ConnectionEvent.nameLimit {
            return
                "the client id has more than \(ConnectionEvent.nameLimit) bytes, the most for an activation"
        }
        guard serviceReaders > 0 else { return "the service is away, and it alone activates devices" }
        return activations.refusal(now: now)
    }

    /// Why a login of the service with the right digest is refused: it is old, or was used before.
    ///
    /// Nil if it is fresh.
    private func repetition(_ attempt: LoginAttempt) -> String? {
        guard let proof = attempt.password.flatMap({ ServiceProof(password: $0) }) else {
            return "the password is not a proof"
        }
        return proofs.refusal(of: proof, now: SystemClock.nanoseconds() / 1_000_000_000)
    }

    /// Records the end of the client that a login takes over.
    ///
    /// The broker ends it after the login, but in the log its end comes first.
    ///
    /// - Returns: The client that is taken over, if there is one.
    func recordTakeover(of clientID: String, from address: String, _ role: Role) -> ConnectedClient? {
        guard sessions.isConnected(clientID) || role == .service else { return nil }
        var replaced: ConnectedClient?
        for other in clients.values where other.clientID.sameBytes(as: clientID) && !other.isReplaced {
            other.isReplaced = true
            replaced = other
            let from = other.address == address ? "" : ", from \(address)"
            record(
                other.event(
                    .disconnected, time: SystemClock.nanoseconds(), detail: ConnectionEvent.takenOver + from))
        }
        return replaced
    }

    /// Disconnects the clients whose logins would be refused by now: the credentials have changed, or a replaced
    /// secret is not accepted any more.
    func expelRefused(_ expulsions: inout Expulsions) {
        guard let directory else { return }
        let now = SystemClock.nanoseconds()
        let isForAll = isAdmissionStale || directory.hasEnd(after: lastAdmission, notAfter: now)
        guard isForAll || !changedLogins.isEmpty else { return }
        let changed = changedLogins
        changedLogins = LoginNames()
        isAdmissionStale = false
        if isForAll { lastAdmission = now }
        for client in clients.values where !client.isReplaced && (isForAll || changed.contains(client.role)) {
            guard let reason = directory.refusal(ofLoggedIn: client.role, client.attempt, now: now) else {
                continue
            }
            log("\(client.username) is disconnected: \(reason)")
            client.disconnectReason = "disconnected: \(reason)"
            expulsions.clientIDs.insert(Name(client.clientID))
        }
    }
}
