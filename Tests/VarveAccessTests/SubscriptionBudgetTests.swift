// SubscriptionBudgetTests.swift — subscriptions are limited by what they cost in the broker.

import Testing

@testable import VarveAccess

@Suite struct SubscriptionBudgetTests {
    private func filter(_ number: Int, levels: Int = 4) -> String {
        "/sys/pk/\(number)" + String(repeating: "/x", count: levels - 4) + "_reply"
    }

    private func cost(_ filter: String) -> Int {
        Array(filter.utf8).withUnsafeBytes { SubscriptionBudget.cost(of: $0) }
    }

    private func add(
        _ filter: String, _ client: inout ClientSubscriptions, _ budget: inout SubscriptionBudget,
        product: String = "pk"
    ) -> String? {
        Array(filter.utf8).withUnsafeBytes { budget.add($0, to: &client, product: product) }
    }

    @Test(
        "a gateway may subscribe to the answers of thousands of devices; the same filter again costs nothing")
    func gateway() {
        var budget = SubscriptionBudget()
        var client = ClientSubscriptions()
        for _ in 0..<2 {
            for number in 0..<6000 {
                let filter = "/sys/productKey/device-\(number)/thing/measurepoint/resume_reply"
                #expect(add(filter, &client, &budget) == nil)
            }
        }
        #expect(budget.cost == client.cost && budget.cost <= 32 << 20, "\(budget.cost)")
    }

    @Test("the cost covers what mosquitto 2.0.11 was measured to take")
    func measured() {
        for (bytes, levels, measured) in [(69, 8, 3318), (43, 15, 8560), (501, 4, 1209), (465, 16, 9177)] {
            let filter = String(repeating: "/", count: levels - 1)
            #expect(cost(filter + String(repeating: "x", count: bytes - levels + 1)) >= measured)
        }
    }

    @Test("a product may have half, all products the whole, and each client a little besides")
    func limits() {
        let each = cost(filter(10))
        var budget = SubscriptionBudget(limit: 200 * each)
        var clients = [ClientSubscriptions(), ClientSubscriptions(), ClientSubscriptions()]
        func fill(_ index: Int, _ product: String) -> (count: Int, reason: String) {
            for number in 10..<99_999 {
                if let reason = add(filter(number), &clients[index], &budget, product: product) {
                    return (number - 10, reason)
                }
            }
            return (0, "")
        }
        let first = fill(0, "pk")
        #expect(first.reason.contains("of its product") && first.count <= 100 && first.count > 90)
        #expect(fill(1, "other").reason.contains("of its product"))
        let third = fill(2, "third")
        #expect(third.reason.contains("of all clients"))
        #expect(third.count >= SubscriptionBudget.guaranteed / (each + 8) - 1)
    }

    @Test("what is given up, and what goes with its client, is not counted; a kept session is")
    func ends() {
        var budget = SubscriptionBudget()
        var client = ClientSubscriptions()
        for number in 10..<20 { _ = add(filter(number), &client, &budget) }
        let ten = budget.cost
        Array(filter(10).utf8).withUnsafeBytes { budget.remove($0, from: &client, product: "pk") }
        #expect(budget.cost == ten / 10 * 9)
        Array("/sys/pk/none".utf8).withUnsafeBytes { budget.remove($0, from: &client, product: "pk") }
        #expect(budget.cost == ten / 10 * 9)
        budget.clientLeft("a", client, product: "pk", keepsSession: true)
        #expect(budget.cost == ten / 10 * 9)
        var resumed = budget.clientReturned("a", resumes: true)
        #expect(add(filter(11), &resumed, &budget) == nil && budget.cost == ten / 10 * 9)
        budget.clientLeft("a", resumed, product: "pk", keepsSession: true)
        #expect(budget.clientReturned("a", resumes: false).cost == 0 && budget.cost == 0)
        budget.restore("b", cost: 5000, product: "pk")
        budget.restore("c", cost: 7000, product: "pk")
        budget.forget { $0 == "c" }
        #expect(budget.cost == 7000)
        budget.clientLeft("c2", budget.clientReturned("c", resumes: true), product: "pk", keepsSession: false)
        #expect(budget.cost == 0)
    }
}
