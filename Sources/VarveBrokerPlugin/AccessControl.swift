// AccessControl.swift — what the plugin knows and decides. BrokerPlugin.swift brings the broker's questions
// here.
//
// Invariants:
// - Only the broker's one thread uses it. It never calls the broker while it changes itself: it returns the
//   clients to disconnect, because disconnecting calls back.
// - A client is in the table from its accepted login to its end. The broker may also ask about a client that
//   is not in the table: one that is away and has a session. Its rights follow from its user name, which was
//   checked at its login.

import VarveAccess
import VarveChannel
import VarveFile
import VarveModel
import VarvePlatform

/// The state behind the plugin's callbacks.
final class AccessControl {
    /// What the broker must do after a tick.
    struct Expulsions {
        /// The client ids of the clients to disconnect.
        var clientIDs: Set<Name> = []
        /// Whether to close connections that have not logged in.
        var closesUnauthenticated = false
        /// Topics whose retained message must be removed.
        var retained: [String] = []
    }

    private static let checkInterval: Int64 = 500_000_000
    let log: (String) -> Void
    private var credentials: CredentialsReader
    private var events: ConnectionEventWriter
    private var eventComplaint: String?
    var queue: SendingQueue
    var answers = AnswerQueues()
    var delivery = AnswerDelivery()
    var full = FullProducts()
    var memory: MemoryControl
    var subscriptions = SubscriptionBudget()
    private(set) var clients: [OpaquePointer: ConnectedClient] = [:]
    /// The clients that have gone since the last tick: the broker asks about their last wills after their end.
    private var gone: [OpaquePointer: ConnectedClient] = [:]
    private var connections: [Name: Int] = [:]
    private let connectionLimit: Int
    private(set) var sessions: SessionTable
    var proofs = ProofMemory()
    var activations = ActivationRate()
    private let serviceRights = TopicRights(.service)
    /// The number of connections of the service that read what waits.
    ///
    /// Its other connections only write.
    private(set) var serviceReaders = 0
    /// Whether all logged-in clients must be checked again.
    var isAdmissionStale = false
    /// The logins that changed since their clients were last checked.
    var changedLogins = LoginNames()
    /// When all logged-in clients were last checked, in nanoseconds since 1970.
    var lastAdmission = SystemClock.nanoseconds()
    private var lastCheck: Int64 = .min
    private var lastMemoryCheck: Int64 = .min
    private var retained: [String]

    var directory: LoginDirectory? { credentials.directory }

    /// Makes the state, and reads the credentials and what the broker kept from an earlier run.
    ///
    /// - Parameters:
    ///   - heap: The memory of the broker's process.
    ///   - log: Writes a line into the broker's log.
    init(_ options: PluginOptions, heap: BrokerHeap, log: @escaping (String) -> Void) {
        self.log = log
        credentials = CredentialsReader(path: options.credentials)
        events = ConnectionEventWriter(path: options.events)
        queue = SendingQueue(options)
        memory = MemoryControl(connections: options.connections, heap: heap)
        connectionLimit = max(1, options.connections / 4 * 3)
        sessions = SessionTable(limit: options.sessions)
        var found = BrokerDatabase()
        if let path = options.persistenceFile {
            do { found = try BrokerDatabase(path: path) } catch { log("sessions are not known: \(error)") }
        }
        retained = found.retained
        refreshCredentials()
        restore(found)
    }

    /// Decides on a login, after it reads the credentials again if they changed.
    ///
    /// - Parameters:
    ///   - keeping: What the broker keeps of the client after it disconnects.
    ///   - socket: The client's connection.
    func login(
        _ client: OpaquePointer, _ attempt: LoginAttempt, address: String,
        keeping: SessionTable.Keeping = .nothing, socket: ClientSocket? = nil
    ) -> LoginAnswer {
        refreshCredentials()
        let now = SystemClock.monotonicNanoseconds()
        switch admission(attempt, keeping: keeping, now: now) {
        case .refused(let reason, let answer, let product, let channel):
            // A password or signature in the wrong field as well.
            let mask = SecretMask(secrets: attempt.password.map { [$0] } ?? [])
            record(
                ConnectionEvent(
                    time: SystemClock.nanoseconds(), kind: .refused, clientID: mask.masked(attempt.clientID),
                    username: mask.masked(attempt.username ?? ""), address: address, product: product,
                    channel: channel, detail: mask.masked(reason)))
            return answer
        case .accepted(let role, let channel):
            removeClient(client, keepsSession: false)
            let replaced = recordTakeover(of: attempt.clientID, from: address, role)
            answers.clientReturned(attempt.clientID)
            var kept = subscriptions.clientReturned(attempt.clientID, resumes: keeping == .surely)
            if keeping == .surely, let replaced { swap(&kept, &replaced.subscriptions) }
            let accepted = ConnectedClient(
                role: role, attempt: attempt, address: address, channel: channel, socket: socket)
            accepted.subscriptions = kept
            clients[client] = accepted
            if let product = role.product {
                sessions.recordConnected(attempt.clientID, product: product, keeping: keeping, now: now)
                connections[Name(product), default: 0] += 1
            }
            // A session that is continued may have subscriptions.
            accepted.subscribes = keeping == .surely
            accepted.sends = sessions.hasSent(attempt.clientID)
            delivery.add(accepted)
            delivery.moment = .resuming(client)
            if let held = accepted.answers { answers.clientConnected(held) }
            if attempt.clientID == ServiceClient.id {
                serviceReaders += 1
                queue.load.interruptMeasurement()
            }
            record(accepted.event(.connected, time: SystemClock.nanoseconds(), detail: ""))
            if case .activation(_, let key) = role {
                record(accepted.event(.activation, time: SystemClock.nanoseconds(), detail: key))
            }
            guard role == .service, let proof = attempt.password.flatMap({ ServiceProof(password: $0) }),
                let answer = directory?.answer(to: proof)
            else { return .accepted }
            return .acceptedService(proof: answer)
        }
    }

    /// Whether a client may publish.
    func mayWrite(
        _ client: OpaquePointer, _ name: () -> (clientID: String?, username: String?),
        topic: UnsafeRawBufferPointer, size: Int, quality: Int
    ) -> Bool {
        guard let known = clients[client], !known.isReplaced else {
            denyWill(of: clients[client] ?? gone[client], name, topic)
            return false
        }
        known.countPacket(topic: topic.count, rest: size)
        if known.rights.isActivationReply(topic) { return false }
        let reason =
            quality > 1 && known.role != .service
            ? "quality of service 2 is not taken: publish with 0 or 1" : ClientLimits.refusal(topic: topic)
        if let reason {
            record(known.event(.overload, time: SystemClock.nanoseconds(), detail: reason))
            return false
        }
        guard known.rights.mayWrite(topic) else {
            let name = String(decoding: topic, as: UTF8.self)
            record(known.event(.deniedPublish, time: SystemClock.nanoseconds(), detail: name))
            return false
        }
        return true
    }

    /// Whether a message may be delivered to a client by subscription, or kept for one that is away.
    func mayRead(
        _ client: OpaquePointer, _ name: () -> (clientID: String?, username: String?),
        topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, quality: Int
    ) -> Bool {
        let size = topic.count + payload.count
        if let known = clients[client] {
            if delivery.moment == .delivering, known.sends,
                !delivery.allowsSender(topic: topic, payload: payload)
            {
                return false
            }
            guard known.rights.mayRead(topic) else { return false }
            // What was sent by client id has the quality 0 in this question; only quality 1 waits.
            let quality = delivery.moment == .resuming(client) ? 1 : quality
            return mayHold(known, bytes: size, topic: topic, quality: quality)
        }
        if delivery.moment == .delivering,
            !delivery.allowsAway({ name().clientID }, topic: topic, payload: payload)
        {
            return false
        }
        if quality > 0, full.refuses(topic) { return false }
        let (clientID, username) = name()
        guard let role = username.flatMap({ directory?.role(username: $0) }), rights(role).mayRead(topic)
        else {
            return false
        }
        guard let clientID, let product = role.product else { return true }
        let away = AwayClient(clientID: clientID, username: username ?? "", product: product)
        return mayHold(away, bytes: size, topic: topic, quality: quality)
    }

    /// Whether a client may subscribe.
    func maySubscribe(
        _ client: OpaquePointer, username: () -> String?, filter: UnsafeRawBufferPointer, quality: Int
    ) -> Bool {
        guard let known = clients[client] else {
            return rights(username: username())?.maySubscribe(filter) ?? false
        }
        known.countPacket(topic: filter.count, rest: 0)
        let time = SystemClock.nanoseconds()
        guard known.rights.maySubscribe(filter) else {
            let name = String(decoding: filter, as: UTF8.self)
            record(known.event(.deniedSubscribe, time: time, detail: name))
            return false
        }
        if let product = known.role.product,
            let reason = ClientLimits.refusal(filter: filter)
                ?? addSubscription(filter, of: known, product: product)
        {
            record(known.event(.overload, time: time, detail: "a subscription is refused: \(reason)"))
            return false
        }
        if quality > 0, !known.isActivation { sessions.recordSubscribed(known.clientID) }
        known.recordSubscription(quality: quality)
        delivery.update(known)
        return true
    }

    /// Counts what the service reports.
    ///
    /// False for anything that is not a report from the service.
    func applyReport(_ client: OpaquePointer, _ payload: UnsafeRawBufferPointer) -> Bool {
        guard isService(client), let report = ConsumptionReport(payload) else { return false }
        queue.load.apply(report, now: SystemClock.monotonicNanoseconds())
        return true
    }

    /// Removes a client that has disconnected.
    ///
    /// - Parameter keepsSession: Whether the broker may hold messages until it returns.
    func disconnected(_ client: OpaquePointer, keepsSession: Bool) {
        guard let known = removeClient(client, keepsSession: keepsSession) else { return }
        gone[client] = known
        // The end of a client that was taken over is recorded already.
        guard !known.isReplaced else { return }
        record(known.event(.disconnected, time: SystemClock.nanoseconds(), detail: known.disconnectReason))
    }

    /// Checks files, queue and memory.
    ///
    /// The broker calls it many times a second.
    func tick() -> Expulsions {
        var expulsions = Expulsions()
        if !gone.isEmpty { gone.removeAll(keepingCapacity: true) }
        let now = SystemClock.monotonicNanoseconds()
        updateQueue(now: now, &expulsions)
        logRefused(now: now)
        if lastMemoryCheck == .min || now - lastMemoryCheck >= Self.memoryInterval {
            lastMemoryCheck = now
            checkMemory(now: now, &expulsions)
        }
        if lastCheck == .min || now - lastCheck >= Self.checkInterval {
            lastCheck = now
            refreshCredentials()
            answers.subtractReadFromAll(now: now)
            loggingFirstFailure { () throws(FileError) in try events.tick(now: now) }
        }
        expelRefused(&expulsions)
        swap(&expulsions.retained, &retained)
        return expulsions
    }

    /// Those of the given client ids that are logged in.
    func loggedIn(_ clientIDs: Set<Name>) -> Set<Name> {
        clientIDs.isEmpty ? [] : clientIDs.intersection(clients.values.lazy.map { Name($0.clientID) })
    }

    /// Records every client as disconnected, because the broker is stopping, and closes the events file.
    func finish() {
        let time = SystemClock.nanoseconds()
        for client in clients.values where !client.isReplaced {
            record(client.event(.disconnected, time: time, detail: "the broker is stopping"))
        }
        clients.removeAll()
        delivery = AnswerDelivery()
        loggingFirstFailure { () throws(FileError) in try events.finish() }
    }

    /// Whether a client is the service.
    func isService(_ client: OpaquePointer) -> Bool { clients[client]?.role == .service }

    /// Why a product's logins are refused now; nil if they are accepted.
    func refusal(product: String, keeping: SessionTable.Keeping, now: Int64) -> String? {
        if connections[Name(product), default: 0] >= connectionLimit {
            return "this product has \(connectionLimit) clients, the most"
        }
        return queue.load.refusal(product: product, now: now)
            ?? memory.refusal(product: product, keeping: keeping)
    }

    /// Why a session cannot be kept; nil if it can.
    func sessionRefusal(of clientID: String, product: String, now: Int64) -> String? {
        sessions.refusal(of: clientID, product: product, now: now)
    }

    /// Records a session that the broker has from an earlier run.
    func restoreSession(_ clientID: String, product: String, keepsAnswers: Bool, now: Int64) {
        sessions.restore(clientID, product: product, keepsAnswers: keepsAnswers, now: now)
    }

    /// Records that the session of a client is that of a sender.
    func recordSentSession(_ client: ConnectedClient) { sessions.recordSent(client.clientID) }

    /// Whether there is room for the session of a client that is away.
    func recordAwaySession(_ client: AwayClient) -> Bool {
        sessions.recordAway(
            client.clientID, product: client.product, now: SystemClock.monotonicNanoseconds())
    }

    @discardableResult private func removeClient(
        _ client: OpaquePointer, keepsSession: Bool
    ) -> ConnectedClient? {
        guard let known = clients.removeValue(forKey: client) else { return nil }
        delivery.remove(known)
        guard let product = known.role.product else {
            if known.clientID == ServiceClient.id {
                serviceReaders -= 1
                queue.load.interruptMeasurement()
            }
            return known
        }
        let number = connections[Name(product), default: 1] - 1
        connections[Name(product)] = number > 0 ? number : nil
        subscriptions.clientLeft(
            known.clientID, known.subscriptions, product: product,
            keepsSession: keepsSession && !known.isReplaced)
        sessions.recordDisconnected(known.clientID, product: product, now: SystemClock.monotonicNanoseconds())
        if let held = known.answers {
            answers.clientLeft(
                known.clientID, held, keepsSession: keepsSession && !known.isReplaced,
                hasAcknowledged: known.unseenBytes >= held.answers * 2)
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
        case .changed(let names): changedLogins.formUnion(names)
        case .unusable(let reason):
            let consequence =
                credentials.directory == nil ? "nobody can log in" : "the last good credentials stay"
            log("\(reason); \(consequence)")
        }
    }

    func record(_ event: ConnectionEvent) {
        loggingFirstFailure { () throws(FileError) in
            try events.record(event, now: SystemClock.monotonicNanoseconds())
        }
    }

    /// Writes to the events file.
    ///
    /// A failure is logged once and stops nothing.
    private func loggingFirstFailure(_ write: () throws(FileError) -> Void) {
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
