// SubscriptionBudget.swift — what the subscriptions of all clients may cost in the broker.
//
// The EnOS SDK for Java subscribes to an exact topic for each device and each kind of message, so a gateway may have
// thousands of subscriptions. The limit is memory, not their number. Measured with mosquitto 2.0.11: at most 570 bytes
// for each level of a filter that no other filter shares, twice the filter, and 250 bytes.
//
// Invariants:
// - The sums are the sums over the clients. A filter that a client has already costs nothing more.
// - What a client may always have comes on top of the limits, so no client is kept out by others.

import VarveModel

/// The subscriptions of one client.
public struct ClientSubscriptions: Sendable {
    /// The cost of each filter, by a hash of it.
    fileprivate var costs: [Int: Int] = [:]
    /// The cost of all of them, in bytes.
    public fileprivate(set) var cost = 0

    /// No subscriptions.
    public init() {}
}

/// The budget for the subscriptions of all clients.
public struct SubscriptionBudget: Sendable {
    private static let levelCost = 570, fixedCost = 250
    /// The cost that each client may have, whatever others have.
    static let guaranteed = 32 << 10
    private let limit: Int
    private var sums: [Name: Int] = [:]
    private var away: [Name: (product: Name, subscriptions: ClientSubscriptions)] = [:]
    /// The cost of all subscriptions, in bytes.
    public private(set) var cost = 0

    /// - Parameter limit: The most cost in all, in bytes. A product may have half of it.
    public init(limit: Int = 64 << 20) {
        self.limit = limit
    }

    /// Counts a subscription.
    ///
    /// - Returns: Why it may not be, with nothing counted; nil if it was counted.
    public mutating func add(
        _ filter: UnsafeRawBufferPointer, to client: inout ClientSubscriptions, product: String
    ) -> String? {
        let key = Self.key(filter)
        guard client.costs[key] == nil else { return nil }
        let added = Self.cost(of: filter)
        let sum = sums[Name(product), default: 0] + added
        if client.cost + added > Self.guaranteed {
            if sum > limit / 2 { return "the subscriptions of its product take \(limit / 2) bytes, the most" }
            if cost + added > limit {
                return "the subscriptions of all clients take \(limit) bytes, the most"
            }
        }
        client.costs[key] = added
        client.cost += added
        change(Name(product), by: added)
        return nil
    }

    /// Stops counting a subscription that a client has given up.
    public mutating func remove(
        _ filter: UnsafeRawBufferPointer, from client: inout ClientSubscriptions, product: String
    ) {
        guard let removed = client.costs.removeValue(forKey: Self.key(filter)) else { return }
        client.cost -= removed
        change(Name(product), by: -removed)
    }

    /// Counts the end of a client, whose subscriptions go with it unless the broker keeps its session.
    public mutating func clientLeft(
        _ clientID: String, _ client: ClientSubscriptions, product: String, keepsSession: Bool
    ) {
        guard client.cost > 0 else { return }
        if keepsSession, away[Name(clientID)] == nil {
            away[Name(clientID)] = (Name(product), client)
        } else {
            change(Name(product), by: -client.cost)
        }
    }

    /// Counts the subscriptions that the broker has kept for a client from an earlier run.
    public mutating func restore(_ clientID: String, cost restored: Int, product: String) {
        guard restored > 0, away[Name(clientID)] == nil else { return }
        var client = ClientSubscriptions()
        client.cost = restored
        away[Name(clientID)] = (Name(product), client)
        change(Name(product), by: restored)
    }

    /// The subscriptions that a client has when it logs in: those of its session, if that goes on.
    public mutating func clientReturned(_ clientID: String, resumes: Bool) -> ClientSubscriptions {
        guard let (product, client) = away.removeValue(forKey: Name(clientID)) else {
            return ClientSubscriptions()
        }
        if resumes { return client }
        change(product, by: -client.cost)
        return ClientSubscriptions()
    }

    /// Forgets the subscriptions of sessions that the broker has forgotten.
    ///
    /// - Parameter isKept: Whether the broker may still have the session of a client id.
    public mutating func forget(where isKept: (String) -> Bool) {
        for (clientID, entry) in away where !isKept(clientID.text) {
            away[clientID] = nil
            change(entry.product, by: -entry.subscriptions.cost)
        }
    }

    /// What a filter costs in the broker, in bytes.
    ///
    /// It is never too little: the levels of the product are counted too.
    public static func cost(of filter: UnsafeRawBufferPointer) -> Int {
        let levels = filter.reduce(1) { $1 == UInt8(ascii: "/") ? $0 + 1 : $0 }
        return fixedCost + 2 * filter.count + levels * levelCost
    }

    private static func key(_ filter: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: filter)
        return hasher.finalize()
    }

    private mutating func change(_ product: Name, by step: Int) {
        let sum = sums[product, default: 0] + step
        sums[product] = sum > 0 ? sum : nil
        cost += step
    }
}
