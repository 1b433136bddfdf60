// AccessControl.swift — what the plugin knows and decides; BrokerPlugin.swift brings the broker's questions here.
//
// Invariants:
// - Used by the broker's one thread, and never calls the broker while it changes itself: whom to disconnect is
//   returned, because disconnecting calls back.
// - A client is in the table from its accepted login to its end. The broker may ask about one that is not: a
//   session whose client is away. Its rights follow from its user name, which was checked when it logged in.

import VarveAccess
import VarveFile

/// The state behind the plugin's callbacks.
final class AccessControl {
    /// How a login ends.
    enum LoginAnswer {
        case accepted
        case refused
        /// Not now; the same login may be right later.
        case unavailable
    }

    /// Clients that the broker is to disconnect.
    struct Expulsions {
        var usernames: Set<String> = []
        var clientIDs: [String] = []
    }

    private static let lookInterval: Int64 = 500_000_000
    private let log: (String) -> Void
    private var credentials: CredentialsReader
    private var events: ConnectionEventWriter
    private var eventComplaint: String?
    private var overload: OverloadGuard
    private var overloadState = OverloadGuard.State.normal
    private var clients: [OpaquePointer: ConnectedClient] = [:]
    private var sessions = SessionOwners()
    private let serviceRights = TopicRights(.service)
    private var services = 0
    private var isAdmissionStale = false
    private var lastLook: Int64 = .min

    /// Makes the state and reads the credentials.
    ///
    /// - Parameter log: Writes a line into the broker's log.
    init(_ options: PluginOptions, log: @escaping (String) -> Void) {
        self.log = log
        credentials = CredentialsReader(path: options.credentials)
        events = ConnectionEventWriter(path: options.events)
        let waiting = options.persistenceFile.flatMap { try? POSIXFileSystem().stamp($0)?.size }
        overload = OverloadGuard(
            byteLimit: options.queueLimit, messageLimit: options.queueMessages,
            waitingBytes: Int(waiting ?? 0))
        refreshCredentials()
    }

    /// Decides on a login, by credentials read again if they changed.
    func login(_ client: OpaquePointer, _ attempt: LoginAttempt, address: String) -> LoginAnswer {
        refreshCredentials()
        let time = SystemClock.nanoseconds()
        func refuse(_ reason: String, product: String? = nil, channel: String? = nil) {
            record(
                ConnectionEvent(
                    time: time, kind: .refused, clientID: attempt.clientID,
                    username: attempt.username ?? "", address: address, product: product,
                    channel: channel, detail: reason))
        }
        guard let directory = credentials.directory else {
            refuse("the broker has no credentials yet: the service has not written them")
            return .unavailable
        }
        switch directory.decide(attempt) {
        case .refused(let reason, let product, let channel):
            refuse(reason, product: product, channel: channel)
            return .refused
        case .accepted(let role, let channel):
            // A client with an id of the service's would take over its session, and with it everybody's messages.
            if role != .service, Role.isServiceClientID(attempt.clientID) {
                refuse("this client id is the service's own", product: role.product, channel: channel)
                return .refused
            }
            let now = SystemClock.monotonicNanoseconds()
            // A product without a channel has no client that could come back.
            if let product = role.product, let owner = sessions.owner(of: attempt.clientID, now: now),
                owner != product, directory.channelName(product: owner) != nil
            {
                refuse(
                    "a client of another product uses this client id; choose another", product: product,
                    channel: channel)
                return .refused
            }
            updateOverload()
            if role != .service, overloadState != .normal {
                refuse(Self.queueIsFull, product: role.product, channel: channel)
                return .unavailable
            }
            let accepted = ConnectedClient(
                role: role, clientID: attempt.clientID, username: attempt.username ?? "",
                address: address, channel: channel)
            forget(client, keepsSession: false)
            clients[client] = accepted
            if let product = role.product {
                sessions.connected(attempt.clientID, product: product, now: now)
            }
            if role == .service { services += 1 }
            record(accepted.event(.connected, time: time, detail: ""))
            return .accepted
        }
    }

    /// Whether a client may publish; counts what it sends.
    func mayWrite(
        _ client: OpaquePointer, username: () -> String?, topic: UnsafeRawBufferPointer, size: Int,
        isQueued: Bool
    ) -> Bool {
        guard let known = clients[client] else {
            return rights(username: username())?.mayWrite(topic) ?? false
        }
        guard known.rights.mayWrite(topic) else {
            let name = String(decoding: topic, as: UTF8.self)
            record(known.event(.deniedPublish, time: SystemClock.nanoseconds(), detail: name))
            return false
        }
        if known.role != .service {
            known.hasSent = true
            // The broker keeps no message of quality 0 for a service that is away.
            if isQueued || services > 0 {
                overload.accepted(
                    cost: ConsumptionReport.cost(topicBytes: topic.count, payloadBytes: size))
            }
        }
        return true
    }

    /// Whether a message may be delivered, or kept for a client that is away.
    func mayRead(
        _ client: OpaquePointer, clientID: () -> String?, username: () -> String?,
        topic: UnsafeRawBufferPointer
    ) -> Bool {
        if let known = clients[client] { return known.rights.mayRead(topic) }
        guard let role = username().flatMap({ credentials.directory?.role(username: $0) }),
            rights(role).mayRead(topic)
        else { return false }
        if let clientID = clientID(), let product = role.product {
            sessions.expected(clientID, product: product, now: SystemClock.monotonicNanoseconds())
        }
        return true
    }

    /// Whether a client may subscribe.
    func maySubscribe(
        _ client: OpaquePointer, username: () -> String?, filter: UnsafeRawBufferPointer
    ) -> Bool {
        guard let known = clients[client] else {
            return rights(username: username())?.maySubscribe(filter) ?? false
        }
        if known.rights.maySubscribe(filter) { return true }
        let name = String(decoding: filter, as: UTF8.self)
        record(known.event(.deniedSubscribe, time: SystemClock.nanoseconds(), detail: name))
        return false
    }

    /// Takes what the service reports; false for anything that is no report of the service.
    func report(_ client: OpaquePointer, _ payload: UnsafeRawBufferPointer) -> Bool {
        guard clients[client]?.role == .service, let report = ConsumptionReport(payload) else { return false }
        overload.take(report)
        return true
    }

    /// Reads a bundle of the service's answers and hands each to `publish`; false for anything else.
    func takeReplies(
        _ client: OpaquePointer, _ payload: UnsafeRawBufferPointer, _ publish: (ForwardedReply) -> Void
    ) -> Bool {
        isService(client) && ReplyBundle.read(payload, publish) != nil
    }

    /// A client is gone.
    ///
    /// - Parameter keepsSession: Whether the broker may hold messages for its return.
    func disconnected(_ client: OpaquePointer, keepsSession: Bool) {
        guard let known = forget(client, keepsSession: keepsSession) else { return }
        record(known.event(.disconnected, time: SystemClock.nanoseconds(), detail: ""))
    }

    /// Looks at files and queue; the broker calls it many times a second.
    func tick() -> Expulsions {
        var expulsions = Expulsions()
        updateOverload()
        if overloadState == .expelling {
            for client in clients.values where client.hasSent {
                expulsions.clientIDs.append(client.clientID)
                client.hasSent = false
            }
        }
        let now = SystemClock.monotonicNanoseconds()
        if lastLook == .min || now - lastLook >= Self.lookInterval {
            lastLook = now
            refreshCredentials()
            note { () throws(FileError) in try events.tick(now: now) }
        }
        if isAdmissionStale, let directory = credentials.directory {
            isAdmissionStale = false
            for client in clients.values where !directory.admits(client.role) {
                log("\(client.username) is disconnected: its channel or device is gone or disabled")
                expulsions.usernames.insert(client.username)
            }
        }
        return expulsions
    }

    /// The broker ends.
    func finish() {
        let time = SystemClock.nanoseconds()
        for client in clients.values {
            record(client.event(.disconnected, time: time, detail: "the broker is stopping"))
        }
        clients.removeAll()
        note { () throws(FileError) in try events.finish() }
    }

    private static let queueIsFull = "the queue is full: the service is not reading"

    /// Whether a client is the service.
    func isService(_ client: OpaquePointer) -> Bool { clients[client]?.role == .service }

    @discardableResult private func forget(
        _ client: OpaquePointer, keepsSession: Bool
    ) -> ConnectedClient? {
        guard let known = clients.removeValue(forKey: client) else { return nil }
        if let product = known.role.product {
            sessions.disconnected(
                known.clientID, product: product, keepsSession: keepsSession,
                now: SystemClock.monotonicNanoseconds())
        } else {
            services -= 1
        }
        return known
    }

    private func rights(username: String?) -> TopicRights? {
        username.flatMap { credentials.directory?.role(username: $0) }.map(rights)
    }

    private func rights(_ role: Role) -> TopicRights {
        role == .service ? serviceRights : TopicRights(role)
    }

    private func refreshCredentials() {
        switch credentials.refresh() {
        case .unchanged: break
        case .loaded: isAdmissionStale = true
        case .unusable(let reason):
            let consequence =
                credentials.directory == nil ? "nobody can log in" : "the last good credentials stay"
            log("\(reason); \(consequence)")
        }
    }

    private func updateOverload() {
        let state = overload.update()
        guard state != overloadState else { return }
        overloadState = state
        let waiting = "\(overload.bytes) bytes in \(overload.messages) messages wait"
        let text =
            switch state {
            case .normal: "the queue has room again, logins are accepted: \(waiting)"
            case .refusing: "\(Self.queueIsFull); logins are refused: \(waiting)"
            case .expelling: "\(Self.queueIsFull); senders are disconnected: \(waiting)"
            }
        log(text)
        record(ConnectionEvent(time: SystemClock.nanoseconds(), kind: .overload, detail: text))
    }

    private func record(_ event: ConnectionEvent) {
        note { () throws(FileError) in
            try events.record(event, now: SystemClock.monotonicNanoseconds())
        }
    }

    /// Writes to the events file; a failure is told once and stops nothing.
    private func note(_ write: () throws(FileError) -> Void) {
        do {
            try write()
            eventComplaint = nil
        } catch {
            guard eventComplaint != error.description else { return }
            eventComplaint = error.description
            log("connections are not logged: \(error)")
        }
    }
}
