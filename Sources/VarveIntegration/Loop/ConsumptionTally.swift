// ConsumptionTally.swift — what a group took out of the broker's queue, by product.
//
// Invariants:
// - A sum of costs does not overflow: it stops at the largest `Int`.

import VarveAccess
import VarveChannel

/// The number of messages and the sum of their costs, by product.
struct ConsumptionTally {
    private struct Sum {
        var cost = 0
        var messages = 0
    }

    private var products: [[UInt8]] = []
    private var sums: [Sum] = []
    private var places: [[UInt8]: Int] = [:]
    private var last = 0

    /// Counts a message.
    ///
    /// - Parameter cost: The cost that the plugin gave with the message; nil to compute it from the message's size.
    mutating func add(topic: UnsafeRawBufferPointer, payloadBytes: Int, cost: Int?) {
        let place = place(of: TopicRights.product(of: topic))
        let cost = cost ?? ConsumptionReport.cost(topicBytes: topic.count, payloadBytes: payloadBytes)
        let (sum, overflows) = sums[place].cost.addingReportingOverflow(max(cost, 0))
        sums[place].cost = overflows ? .max : sum
        sums[place].messages += 1
    }

    /// The report of what was counted.
    var report: ConsumptionReport {
        .consumed(
            zip(products, sums).map { product, sum in
                ConsumptionReport.Line(
                    cost: sum.cost, messages: sum.messages, product: String(decoding: product, as: UTF8.self))
            })
    }

    /// Forgets all counts.
    mutating func removeAll() {
        products.removeAll(keepingCapacity: true)
        sums.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        last = 0
    }

    /// The place of a product in `sums`; most messages are of the same product as the one before.
    private mutating func place(of product: UnsafeRawBufferPointer) -> Int {
        if last < products.count, products[last].elementsEqual(product) { return last }
        let name = Array(product)
        if let place = places[name] {
            last = place
        } else {
            last = products.count
            places[name] = last
            products.append(name)
            sums.append(Sum())
        }
        return last
    }
}
