// HeldMessages.swift — what the broker may hold for clients: answers, sessions, last wills.
//
// Invariants:
// - Every answer or will that is not held is in the log, with its client.
// - A last will is never accepted: the broker shows neither its properties nor whether it is to be retained.

import VarveAccess
import VarveChannel
import VarveModel
import VarvePlatform

/// A client that is away and has a session in the broker.
struct AwayClient {
    let clientID: String
    let username: String
    let product: String
}

extension AccessControl {
    /// Counts what the broker kept from an earlier run.
    func restore(_ found: BrokerDatabase) {
        let now = SystemClock.monotonicNanoseconds()
        for (clientID, session) in found.sessions {
            guard let product = Role(username: session.username)?.product else { continue }
            let clientID = clientID.text
            subscriptions.restore(clientID, cost: session.subscriptionCost, product: product)
            restoreSession(clientID, product: product, keepsAnswers: session.keepsAnswers, now: now)
            answers.restore(
                cost: session.answerCost, messages: session.answers, clientID: clientID, product: product)
        }
        for (username, waiting) in found.waiting {
            guard let product = Role(username: username.text)?.product else { continue }
            queue.load.addWaitingAtStart(bytes: waiting.cost, messages: waiting.messages, product: product)
        }
        if !found.retained.isEmpty {
            log("\(found.retained.count) retained messages are removed: nothing is retained any more")
        }
    }

    /// Counts a subscription; why it may not be, or nil if it may.
    func addSubscription(
        _ filter: UnsafeRawBufferPointer, of client: ConnectedClient, product: String
    ) -> String? {
        guard subscriptions.add(filter, to: &client.subscriptions, product: product) != nil else {
            return nil
        }
        let now = SystemClock.monotonicNanoseconds()
        subscriptions.forget { sessions.owner(of: $0, now: now) != nil }
        return subscriptions.add(filter, to: &client.subscriptions, product: product)
    }

    /// Stops counting a subscription.
    func removeSubscription(_ filter: UnsafeRawBufferPointer, of client: OpaquePointer) {
        guard let known = clients[client], let product = known.role.product else { return }
        subscriptions.remove(filter, from: &known.subscriptions, product: product)
    }

    /// Whether an answer may be queued for a client that is logged in.
    ///
    /// - Parameter isSentLater: Whether the broker sends it only after the tick that goes on.
    func mayHold(
        _ client: ConnectedClient, bytes: Int, topic: UnsafeRawBufferPointer, quality: Int,
        isSentLater: Bool = false
    ) -> Bool {
        guard let held = client.answers else { return true }
        let now = SystemClock.monotonicNanoseconds()
        let stays = quality > 0 && sessions.keepsUnacknowledged(client.clientID)
        let excess = answers.add(
            bytes: bytes, stays: stays, isSentLater: isSentLater, to: held, now: now)
        guard let excess else { return true }
        logExcess(client.event(.overload, time: SystemClock.nanoseconds(), detail: ""), excess, topic)
        return false
    }

    /// Whether an answer may be kept for a client that is away.
    func mayHold(
        _ client: AwayClient, bytes: Int, topic: UnsafeRawBufferPointer, quality: Int
    ) -> Bool {
        let event = ConnectionEvent(
            time: SystemClock.nanoseconds(), kind: .overload, clientID: client.clientID,
            username: client.username, product: client.product,
            channel: directory?.channelName(product: client.product), detail: "")
        guard recordAwaySession(client) else {
            var full = event
            full.detail = "an answer is not kept for it: no more sessions can be kept"
            record(full)
            return false
        }
        // The broker keeps no message of quality 0.
        guard quality > 0, sessions.keepsAnswers(client.clientID) else { return true }
        let excess = answers.add(bytes: bytes, toAway: client.clientID, product: client.product)
        guard let excess else { return true }
        if excess != .client { full.markFull(topic, now: SystemClock.monotonicNanoseconds()) }
        logExcess(event, excess, topic)
        return false
    }

    /// Logs the answers that were refused without a look at their sessions.
    func logRefused(now: Int64) {
        for (product, refused) in full.releaseIfOver(now: now) {
            record(
                ConnectionEvent(
                    time: SystemClock.nanoseconds(), kind: .overload, count: refused, product: product,
                    channel: directory?.channelName(product: product),
                    detail: "an answer is not queued for a client that is away: too many of its product wait")
            )
        }
    }

    /// Logs that a client's last will was refused.
    ///
    /// - Parameters:
    ///   - client: The client, if it has just gone or was taken over; nil if its will was delayed.
    ///   - name: Its names, as the broker has them.
    func denyWill(
        of client: ConnectedClient?, _ name: () -> (clientID: String?, username: String?),
        _ topic: UnsafeRawBufferPointer
    ) {
        let time = SystemClock.nanoseconds()
        let text = "a last will is not taken, to \(String(decoding: topic, as: UTF8.self))"
        if let client {
            let whose = client.isReplaced ? " (of the connection that was taken over)" : ""
            return record(client.event(.overload, time: time, detail: text + whose))
        }
        let (clientID, username) = name()
        let product = username.flatMap { Role(username: $0)?.product }
        record(
            ConnectionEvent(
                time: time, kind: .overload, clientID: clientID ?? "", username: username ?? "",
                product: product, channel: product.flatMap { directory?.channelName(product: $0) },
                detail: text))
    }

    private func logExcess(
        _ event: ConnectionEvent, _ excess: AnswerQueues.Excess, _ topic: UnsafeRawBufferPointer
    ) {
        var event = event
        event.detail =
            "an answer is not queued: too many wait that \(excess.rawValue) has not read, on \(String(decoding: topic, as: UTF8.self))"
        record(event)
    }
}
