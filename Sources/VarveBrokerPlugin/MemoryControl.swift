// MemoryControl.swift — what is done when the broker's memory grows by what no message explains.
//
// Invariants:
// - First go connections without a login, then the product that holds most; nobody else is touched while one of these
//   explains it.

import VarveAccess
import VarveChannel
import VarvePlatform

/// What is refused because of the broker's memory.
struct MemoryControl {
    var watch: BrokerMemory
    /// Products whose clients of MQTT 5 may leave sessions behind that the plugin cannot see.
    var refusedProducts: Set<String> = []
    /// Whether nobody may log in.
    var isFull = false

    init(connections: Int, heap: BrokerHeap) {
        watch = BrokerMemory(connections: connections, heap: heap)
    }

    /// Why a product's logins are refused now; nil if they are not.
    func refusal(product: String, keeping: SessionTable.Keeping) -> String? {
        if isFull { return "the broker's memory is used up" }
        guard keeping != .nothing, refusedProducts.contains(product) else { return nil }
        return "the broker's memory is used up by sessions of this product: use a clean session of MQTT 3.1.1"
    }
}

extension AccessControl {
    /// How often the memory is looked at.
    static let memoryInterval: Int64 = 100_000_000
    private static let clientBytes = 16 << 10
    /// From how many unseen bytes on a client is one with an unfinished message.
    private static let unfinishedBytes = 64 << 10, unfinishedProductBytes = 1 << 20
    private static let manySessions = 100

    /// Looks at the broker's memory, and names who is to be disconnected.
    func lookAtMemory(now: Int64, _ expulsions: inout Expulsions) {
        // What is on its way to the service is there twice.
        let explained = 2 * queue.load.bytes + answers.cost + clients.count * Self.clientBytes
        let alarms = memory.watch.look(clients: clients.count, explained: explained, now: now)
        var isCalm = true
        for alarm in alarms {
            switch alarm {
            case .unfinishedLogins(let count):
                expulsions.strangers = true
                tell("\(count) connections that have not logged in are closed", product: nil)
            case .unexplained(let bytes):
                isCalm = false
                relieve(bytes: bytes, &expulsions)
            }
        }
        if isCalm, memory.isFull || !memory.refusedProducts.isEmpty {
            memory.isFull = false
            memory.refusedProducts = []
            tell("the broker's memory has room again", product: nil)
        }
    }

    private func relieve(bytes: Int, _ expulsions: inout Expulsions) {
        var unfinished: [String: [(client: ConnectedClient, bytes: Int)]] = [:]
        for client in clients.values {
            let unseen = client.unseenBytes
            guard let product = client.role.product, unseen >= Self.unfinishedBytes else { continue }
            unfinished[product, default: []].append((client, unseen))
        }
        let sums = unfinished.mapValues { $0.reduce(0) { $0 + $1.bytes } }
        if let worst = sums.max(by: { $0.value < $1.value }), worst.value >= Self.unfinishedProductBytes {
            for (client, _) in unfinished[worst.key] ?? [] {
                client.farewell = "disconnected: the broker's memory is used up by unfinished messages"
                expulsions.clientIDs.insert(client.clientID)
            }
            tell(
                "\(worst.value) bytes of unfinished messages are dropped with their clients",
                product: worst.key)
        } else if expulsions.strangers {
            // Those may have been it.
        } else if let most = sessions.mostPerhapsKept(), most.count >= Self.manySessions,
            !memory.refusedProducts.contains(most.product)
        {
            memory.refusedProducts.insert(most.product)
            tell(
                "the broker's memory is used up: \(most.count) clients may have left sessions; such logins are refused",
                product: most.product)
        } else if memory.refusedProducts.isEmpty, !memory.isFull {
            memory.isFull = true
            tell(
                "the broker's memory is used up, logins are refused: \(bytes) bytes are unexplained",
                product: nil)
        }
    }

    private func tell(_ text: String, product: String?) {
        log(text)
        record(
            ConnectionEvent(
                time: SystemClock.nanoseconds(), kind: .overload, product: product,
                channel: product.flatMap { directory?.channelName(product: $0) }, detail: text))
    }
}
