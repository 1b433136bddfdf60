// Doorkeeper.swift — what the plugin knows and decides: logins, topic rights, events, and the limit of the queue.
//
// A login is refused, and senders are sent away, before the broker's queue for the service is full: beyond its limit
// mosquitto would acknowledge messages and drop them silently. The service reports what it has consumed; the rest is
// what waits. Both counts begin with the broker, so a queue that it loaded from disk is not counted: mosquitto's own
// limit, and senders that wait for replies, stand behind this one.
//
// Invariants:
// - A credentials file that cannot be read leaves the last good one in force; without any, nobody gets in.
// - Used by one thread.

import Glibc
import VarveAccess
import VarveFile

/// What is asked of the broker; the plugin interface in real life.
protocol Broker {
    /// Ends the connections of a user.
    func kick(username: String)
    /// Writes into the broker's log.
    func log(error: String)
}

/// A login that somebody tries.
struct LoginAttempt {
    var client: UInt
    var clientID: String
    var address: String
    var username: String?
    var password: String?
}

/// Decides for the broker.
final class Doorkeeper {
    enum Answer { case accept, refuse }
    enum Access {
        case publish(bytes: Int)
        case read
        case subscribe
    }

    private struct Guest {
        var role: Role
        var rights: TopicRights
        var event: ConnectionEvent
    }

    private let credentials: String
    private let events: EventsWriter
    private let broker: any Broker
    private let files = POSIXFileSystem()
    private var table: LoginTable?
    private var version: FileVersion?
    private var guests: [UInt: Guest] = [:]
    private var queue: QueueGauge
    private var hasComplained = false

    init(credentials: String, events: String, queueLimit: Int?, broker: any Broker) {
        self.credentials = credentials
        self.events = EventsWriter(events)
        self.broker = broker
        queue = QueueGauge(limit: queueLimit)
    }

    /// Takes the credentials file if it changed, and sends away who may no longer be in.
    func reload() {
        let current = files.version(credentials)
        guard current != version || table == nil else { return }
        do {
            table = LoginTable(try CredentialsFile.read(credentials))
            version = current
            hasComplained = false
        } catch {
            if !hasComplained { broker.log(error: "the logins cannot be read: \(error)") }
            hasComplained = true
            return
        }
        var gone: Set<String> = []
        for guest in guests.values where table?.role(of: guest.event.username) != guest.role {
            gone.insert(guest.event.username)
        }
        for username in gone { broker.kick(username: username) }
    }

    func login(_ attempt: LoginAttempt) -> Answer {
        reload()
        var event = ConnectionEvent(
            time: SystemClock.nanoseconds(), kind: .refused, client: attempt.clientID,
            username: attempt.username ?? "", address: attempt.address)
        guard let table else {
            event.reason = "the broker has no logins yet: the service has not started"
            events.add(event)
            return .refuse
        }
        let decision = table.decide(
            clientID: attempt.clientID, username: attempt.username, password: attempt.password)
        switch decision {
        case .refused(let reason, let product, let channel):
            (event.reason, event.product, event.channel) = (reason, product ?? "", channel ?? "")
            events.add(event)
            return .refuse
        case .accepted(let role, let channel):
            event.channel = channel ?? ""
            switch role {
            case .service: break
            case .channel(let product), .device(let product, _): event.product = product
            }
            if role != .service, queue.isHigh {
                event.reason = "the queue is full: the service is not reading"
                events.add(event)
                return .refuse
            }
            event.kind = .connected
            events.add(event)
            guests[attempt.client] = Guest(role: role, rights: TopicRights(role), event: event)
            return .accept
        }
    }

    /// Whether a client may do this with a topic; `names` (client id, user name, address) is asked for if not.
    func allows(
        _ client: UInt, _ access: Access, _ topic: UnsafeRawBufferPointer,
        names: () -> (client: String, username: String, address: String)
    ) -> Bool {
        guard let guest = guests[client] ?? returning(client, names) else { return false }
        switch access {
        case .read: return guest.rights.mayRead(topic)
        case .subscribe where guest.rights.maySubscribe(topic): return true
        case .publish(let bytes) where guest.rights.mayWrite(topic):
            if guest.role != .service { count(bytes) }
            return true
        case .publish, .subscribe: break
        }
        var event = guest.event
        event.time = SystemClock.nanoseconds()
        if case .subscribe = access { event.kind = .deniedSubscribe } else { event.kind = .deniedPublish }
        event.reason = String(decoding: topic, as: UTF8.self)
        events.add(event)
        return false
    }

    /// A session that the broker kept while its client is away has messages to be checked, too.
    private func returning(
        _ client: UInt, _ names: () -> (client: String, username: String, address: String)
    ) -> Guest? {
        let names = names()
        guard let role = table?.role(of: names.username) else { return nil }
        let event = ConnectionEvent(
            time: 0, kind: .connected, client: names.client, username: names.username, address: names.address)
        return Guest(role: role, rights: TopicRights(role), event: event)
    }

    /// Whether a client is one whose messages are for the service.
    func isSender(_ client: UInt) -> Bool { guests[client].map { $0.role != .service } ?? true }

    func disconnected(_ client: UInt) {
        guard let guest = guests.removeValue(forKey: client) else { return }
        var event = guest.event
        event.time = SystemClock.nanoseconds()
        event.kind = .disconnected
        events.add(event)
    }

    /// What the service has consumed: `consumed <bytes>`.
    func report(_ client: UInt, _ payload: UnsafeRawBufferPointer) {
        guard guests[client]?.role == .service else { return }
        let words = String(decoding: payload.prefix(64), as: UTF8.self).split(separator: " ")
        guard words.count == 2, words[0] == "consumed", let bytes = Int(words[1]), bytes >= 0 else { return }
        if queue.consume(bytes) { broker.log(error: "the queue has room again: logins are taken") }
    }

    func tick() {
        reload()
        events.tick(SystemClock.nanoseconds())
    }

    private func count(_ bytes: Int) {
        guard queue.accept(bytes) else { return }
        broker.log(
            error: "\(queue.waiting) bytes wait for the service, which is not reading: senders are sent away")
        let senders = Set(guests.values.filter { $0.role != .service }.map(\.event.username))
        for username in senders { broker.kick(username: username) }
    }
}
