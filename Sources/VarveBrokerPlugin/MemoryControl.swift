// MemoryControl.swift — what to do when the broker's memory grows and no message explains it.
//
// Invariants:
// - Connections without a login are closed first, then the clients of the product that holds most. Nobody
//   else is touched as long as one of these explains the growth.

import VarveAccess
import VarveChannel
import VarveModel
import VarvePlatform

/// What is refused because of the broker's memory.
struct MemoryControl {
    var watch: BrokerMemory
    /// Products whose MQTT 5 clients are refused, because they may leave sessions behind that the plugin
    /// cannot see.
    var refusedProducts: Set<Name> = []
    /// Whether all logins are refused, except the service's.
    var isFull = false

    init(connections: Int, heap: BrokerHeap) {
        watch = BrokerMemory(connections: connections, heap: heap)
    }

    /// Why a product's logins are refused now; nil if they are accepted.
    func refusal(product: String, keeping: SessionTable.Keeping) -> String? {
        if isFull { return "the broker's memory is used up" }
        guard keeping != .nothing, refusedProducts.contains(Name(product)) else { return nil }
        return "the broker's memory is used up by sessions of this product: use a clean session of MQTT 3.1.1"
    }
}

extension AccessControl {
    /// The time between two checks of the memory, in nanoseconds.
    static let memoryInterval: Int64 = 100_000_000
    private static let clientBytes = 16 << 10
    /// The unseen bytes from which a client counts as one with an unfinished message, and a product as their
    /// cause.
    private static let unfinishedBytes = 64 << 10, unfinishedProductBytes = 1 << 20
    private static let manySessions = 100

    /// Checks the broker's memory, and adds the clients to disconnect to `expulsions`.
    func checkMemory(now: Int64, _ expulsions: inout Expulsions) {
        // A message on its way to the service exists twice.
        let explained =
            2 * queue.load.bytes + answers.cost + subscriptions.cost + clients.count * Self.clientBytes
        let alarms = memory.watch.check(clients: clients.count, explained: explained, now: now)
        var isCalm = true
        for alarm in alarms {
            switch alarm {
            case .unfinishedLogins(let count):
                expulsions.closesUnauthenticated = true
                logOverload("\(count) connections that have not logged in are closed", product: nil)
            case .unexplained(let bytes):
                isCalm = false
                actOnUnexplained(bytes: bytes, &expulsions)
            }
        }
        if isCalm, memory.isFull || !memory.refusedProducts.isEmpty {
            memory.isFull = false
            memory.refusedProducts = []
            logOverload("the broker's memory has room again", product: nil)
        }
    }

    private func actOnUnexplained(bytes: Int, _ expulsions: inout Expulsions) {
        var unfinished: [Name: [(client: ConnectedClient, bytes: Int)]] = [:]
        for client in clients.values {
            let unseen = client.unseenBytes
            guard let product = client.role.product, unseen >= Self.unfinishedBytes else { continue }
            unfinished[Name(product), default: []].append((client, unseen))
        }
        let sums = unfinished.mapValues { $0.reduce(0) { $0 + $1.bytes } }
        if let worst = sums.max(by: { $0.value < $1.value }), worst.value >= Self.unfinishedProductBytes {
            for (client, _) in unfinished[worst.key] ?? [] {
                client.disconnectReason =
                    "cut off: the broker's memory is used up by unfinished messages"
                expulsions.clientIDs.insert(Name(client.clientID))
            }
            logOverload(
                "\(worst.value) bytes of unfinished messages are dropped with their clients",
                product: worst.key.text)
        } else if expulsions.closesUnauthenticated {
            // The connections that are being closed may explain it.
        } else if let most = sessions.mostPerhapsKept(), most.count >= Self.manySessions,
            !memory.refusedProducts.contains(Name(most.product))
        {
            memory.refusedProducts.insert(Name(most.product))
            logOverload(
                "the broker's memory is used up: \(most.count) clients may have left sessions; such logins are refused",
                product: most.product)
        } else if memory.refusedProducts.isEmpty, !memory.isFull {
            memory.isFull = true
            logOverload(
                "the broker's memory is used up, logins are refused: \(bytes) bytes are unexplained",
                product: nil)
        }
    }

    /// Writes a line into the broker's log, and an event about the product or the whole broker.
    func logOverload(_ text: String, product: String?) {
        log(text)
        record(
            ConnectionEvent(
                time: SystemClock.nanoseconds(), kind: .overload, product: product,
                channel: product.flatMap { directory?.channelName(product: $0) }, detail: text))
    }
}
