// SessionTests.swift — who owns a client id, and how many sessions may be kept.

import Testing
import VarveAccess

@Suite struct SessionTests {
    private static let day: Int64 = 86_400 * 1_000_000_000

    @Test("an id belongs to its product from the login to the end of its session")
    func owners() {
        var sessions = SessionTable()
        sessions.recordConnected("clean", product: "a", keeping: .nothing, now: 0)
        sessions.recordConnected("kept", product: "a", keeping: .surely, now: 0)
        #expect(sessions.owner(of: "clean", now: 1) == "a")
        for id in ["clean", "kept"] { sessions.recordDisconnected(id, product: "a", now: 1) }
        #expect(sessions.owner(of: "clean", now: 2) == nil)
        #expect(sessions.owner(of: "kept", now: 89 * Self.day) == "a")
        #expect(sessions.owner(of: "kept", now: 91 * Self.day) == nil)
        sessions.recordConnected("kept", product: "a", keeping: .nothing, now: 2)
        sessions.recordDisconnected("kept", product: "a", now: 3)
        #expect(sessions.owner(of: "kept", now: 4) == nil, "a clean login ends the session")
    }

    @Test("ids and products that are the same to Unicode are different")
    func alikeNames() {
        let names = ["caf\u{E9}", "cafe\u{301}"]
        var sessions = SessionTable()
        sessions.recordConnected(names[0], product: names[0], keeping: .surely, now: 0)
        #expect(sessions.owner(of: names[1], now: 1) == nil && !sessions.isConnected(names[1]))
        #expect(sessions.owner(of: names[0], now: 1)?.utf8.elementsEqual(names[0].utf8) == true)
        sessions.recordDisconnected(names[0], product: names[1], now: 2)
        #expect(sessions.isConnected(names[0]))
        let isExpected = sessions.recordAway(names[0], product: names[1], now: 3)
        #expect(!isExpected)
    }

    @Test("a login that takes over keeps the id when the old connection ends")
    func takeover() {
        var sessions = SessionTable()
        sessions.recordConnected("id", product: "a", keeping: .nothing, now: 0)
        sessions.recordConnected("id", product: "a", keeping: .nothing, now: 1)
        sessions.recordDisconnected("id", product: "a", now: 2)
        #expect(sessions.owner(of: "id", now: 3) == "a" && sessions.isConnected("id"))
        sessions.recordDisconnected("id", product: "a", now: 3)
        #expect(sessions.owner(of: "id", now: 4) == nil)
    }

    @Test("a session that is surely kept is not forgotten, even after many others")
    func many() {
        var sessions = SessionTable()
        sessions.recordConnected("kept", product: "a", keeping: .surely, now: 0)
        sessions.recordDisconnected("kept", product: "a", now: 1)
        for number in 0..<70_000 {
            let id = "other \(number)"
            sessions.recordConnected(id, product: "b", keeping: .perhaps, now: Int64(number))
            sessions.recordDisconnected(id, product: "b", now: Int64(number))
        }
        #expect(sessions.owner(of: "kept", now: 70_000) == "a")
        #expect(sessions.owner(of: "other 69999", now: 70_000) == "b")
        #expect(sessions.owner(of: "other 0", now: 70_000) == nil, "the oldest that are perhaps kept go")
        #expect(sessions.mostPerhapsKept()?.product == "b")
        #expect((sessions.mostPerhapsKept()?.count ?? 0) <= 65_536)
    }

    @Test("a product keeps a quarter of the sessions, all together the limit, and an end makes room")
    func limits() {
        var sessions = SessionTable(limit: 8)
        func keep(_ id: String, _ product: String) -> Bool {
            guard sessions.refusal(of: id, product: product, now: 0) == nil else { return false }
            sessions.recordConnected(id, product: product, keeping: .surely, now: 0)
            sessions.recordDisconnected(id, product: product, now: 0)
            return true
        }
        for product in ["a", "b", "c", "d"] {
            let kept = ["1", "2", "3"].map { keep(product + $0, product) }
            #expect(kept == [true, true, false])
        }
        let fifth = keep("e1", "e")
        #expect(!fifth, "all are in use")
        let again = keep("a1", "a")
        #expect(again, "its own is continued")
        sessions.recordConnected("a1", product: "a", keeping: .nothing, now: 1)
        let free = keep("e1", "e")
        #expect(free)
        let known = sessions.recordAway("a2", product: "a", now: 1)
        #expect(known)
        let unknown = sessions.recordAway("a9", product: "a", now: 1)
        #expect(!unknown, "nothing is kept for a session beyond the limit")
    }

    @Test("sessions that have ended by their age make room")
    func age() {
        var sessions = SessionTable(limit: 4)
        sessions.restore("old", product: "a", keepsAnswers: true, now: 0)
        #expect(sessions.keepsAnswers("old"))
        let early = sessions.refusal(of: "new", product: "a", now: 0)
        #expect(early != nil)
        let late = sessions.refusal(of: "new", product: "a", now: 91 * Self.day)
        #expect(late == nil)
    }

    @Test("a session that goes on is that of a sender, a clean login begins one that is not")
    func senders() {
        var sessions = SessionTable()
        sessions.recordConnected("id", product: "a", keeping: .surely, now: 0)
        #expect(!sessions.hasSent("id"))
        sessions.recordSent("id")
        sessions.recordDisconnected("id", product: "a", now: 1)
        sessions.recordConnected("id", product: "a", keeping: .surely, now: 2)
        #expect(sessions.hasSent("id"))
        sessions.recordConnected("id", product: "a", keeping: .nothing, now: 3)
        #expect(!sessions.hasSent("id"))
        #expect(!sessions.hasSent("nobody"))
    }

    @Test("an answer may be kept for a client of the product that is away and has subscribed")
    func answers() {
        var sessions = SessionTable()
        for (id, keeping) in [("kept", SessionTable.Keeping.surely), ("five", .perhaps), ("none", .nothing)] {
            sessions.recordConnected(id, product: "a", keeping: keeping, now: 0)
            sessions.recordSubscribed(id)
            #expect(!sessions.mayKeepAnswer(forAway: id, product: "a"), "it is connected")
            sessions.recordDisconnected(id, product: "a", now: 1)
        }
        sessions.recordConnected("silent", product: "a", keeping: .surely, now: 0)
        #expect(sessions.keepsUnacknowledged("silent"))
        sessions.recordDisconnected("silent", product: "a", now: 1)
        for id in ["kept", "five"] {
            #expect(sessions.mayKeepAnswer(forAway: id, product: "a"))
            #expect(!sessions.mayKeepAnswer(forAway: id, product: "b"))
        }
        for id in ["none", "silent", "nobody"] {
            #expect(!sessions.mayKeepAnswer(forAway: id, product: "a"), "\(id)")
        }
        #expect(!sessions.keepsUnacknowledged("nobody"))
    }
}
