// SessionStateMachineTests.swift — the way of a session, as tables: no broker, no clock, no thread.

import Testing
import VarveMQTT

@Suite struct SessionStateMachineTests {
    typealias Machine = SessionStateMachine

    /// One line of a table: what happens at a time, and what the owner is to do then.
    struct Line: CustomTestStringConvertible {
        var event: Machine.Event?
        var time: Int64
        var action: Machine.Action

        init(_ event: Machine.Event?, at time: Int64, _ action: Machine.Action) {
            (self.event, self.time, self.action) = (event, time, action)
        }

        var testDescription: String { "\(event.map { "\($0)" } ?? "nothing") at \(time): \(action)" }
    }

    /// A way, and whether the session is ready, trusted, and may write at its end.
    struct Way: CustomTestStringConvertible {
        var title: String
        var terms: Machine.Terms
        var lines: [Line]
        var isReady = false
        var isTrusted = false
        var mayWrite = false

        var testDescription: String { title }
    }

    private static let lost = MQTTError.lost("it broke")
    private static let refused = MQTTError.refused(code: 5, reason: "no")

    /// Answers may take 10 units of time, a silence before the proof 4; waits are 100 to 400 ms.
    private static func terms(
        proof: Bool = false, subscribes: Bool = true, givesUp: Bool = false
    ) -> Machine.Terms {
        var terms = Machine.Terms(
            proof: proof ? .init(heldBytes: 100, patience: 4) : nil, subscribes: subscribes,
            givesUpRefused: givesUp, backoff: Backoff(milliseconds: 100...400))
        terms.answerTime = 10
        return terms
    }

    private static let ms: Int64 = 1_000_000

    static let ways: [Way] = [
        Way(
            title: "login, proof, subscription: then messages are taken", terms: terms(proof: true),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .exchange),
                Line(.heard(heldBytes: 90), at: 2, .exchange), Line(.proven, at: 3, .subscribe),
                Line(nil, at: 3, .exchange), Line(.subscribed, at: 4, .exchange),
                Line(nil, at: 1_000_000, .exchange),
            ], isReady: true, isTrusted: true, mayWrite: true),
        Way(
            title: "without a proof the subscription follows the login", terms: terms(),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .subscribe),
                Line(.subscribed, at: 2, .exchange),
            ], isReady: true, isTrusted: true, mayWrite: true),
        Way(
            title: "without a subscription the proof makes it ready",
            terms: terms(proof: true, subscribes: false),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .exchange),
                Line(.proven, at: 2, .exchange),
            ], isReady: true, isTrusted: true, mayWrite: true),
        Way(
            title: "between login and proof nothing is written or believed", terms: terms(proof: true),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .exchange),
                Line(.subscribed, at: 1, .exchange),
            ]),
        Way(
            title: "the login itself may be written", terms: terms(proof: true),
            lines: [Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange)], mayWrite: true),
        Way(
            title: "a proof before the answer to the login is kept, and believed only after that",
            terms: terms(proof: true),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange), Line(.proven, at: 1, .exchange),
                Line(.accepted, at: 2, .subscribe),
            ], isTrusted: true, mayWrite: true),
        Way(
            title: "a broker that is silent before its proof is dropped", terms: terms(proof: true),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .exchange),
                Line(.heard(heldBytes: 1), at: 3, .exchange), Line(nil, at: 6, .exchange),
                Line(nil, at: 7, .drop(.unproven)), Line(nil, at: 7, .wait(until: 7 + 100 * ms)),
            ]),
        Way(
            title: "a broker that goes on talking without a proof is dropped after the time for its answer",
            terms: terms(proof: true),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .exchange),
                Line(.heard(heldBytes: 1), at: 4, .exchange), Line(.heard(heldBytes: 2), at: 7, .exchange),
                Line(.heard(heldBytes: 3), at: 10, .exchange), Line(nil, at: 11, .drop(.silent)),
            ]),
        Way(
            title: "a broker that sends more than is held before its proof is dropped",
            terms: terms(proof: true),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .exchange),
                Line(.heard(heldBytes: 101), at: 2, .drop(.unproven)),
            ]),
        Way(
            title: "a broker that does not answer the login is dropped", terms: terms(),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange), Line(nil, at: 10, .exchange),
                Line(nil, at: 11, .drop(.silent)),
            ]),
        Way(
            title: "the answer to the subscription has a time of its own", terms: terms(),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 9, .subscribe),
                Line(nil, at: 19, .exchange), Line(nil, at: 20, .drop(.silent)),
            ]),
        Way(
            title: "waits double up to the longest, and a success begins them again", terms: terms(),
            lines: [
                Line(nil, at: 0, .connect), Line(.failed(.lost(lost)), at: 0, .drop(.lost(lost))),
                Line(nil, at: 0, .wait(until: 100 * ms)), Line(nil, at: 100 * ms, .connect),
                Line(.failed(.lost(lost)), at: 100 * ms, .drop(.lost(lost))),
                Line(nil, at: 100 * ms, .wait(until: 300 * ms)), Line(nil, at: 300 * ms, .connect),
                Line(.failed(.lost(lost)), at: 300 * ms, .drop(.lost(lost))),
                Line(nil, at: 300 * ms, .wait(until: 700 * ms)), Line(nil, at: 700 * ms, .connect),
                Line(.failed(.lost(lost)), at: 700 * ms, .drop(.lost(lost))),
                Line(nil, at: 700 * ms, .wait(until: 1100 * ms)), Line(nil, at: 1100 * ms, .connect),
                Line(.opened, at: 1100 * ms, .exchange), Line(.accepted, at: 1100 * ms, .subscribe),
                Line(.subscribed, at: 1100 * ms, .exchange),
                Line(.failed(.lost(lost)), at: 1200 * ms, .drop(.lost(lost))),
                Line(nil, at: 1200 * ms, .wait(until: 1300 * ms)),
            ]),
        Way(
            title: "a refused login is tried again, and what the library says after it does not count",
            terms: terms(proof: true),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.failed(.loginRefused(refused)), at: 1, .drop(.loginRefused(refused))),
                Line(nil, at: 1, .wait(until: 1 + 100 * ms)),
            ]),
        Way(
            title: "who gives up a refused login may try again at once if asked to",
            terms: terms(givesUp: true),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.failed(.loginRefused(refused)), at: 1, .giveUp(.loginRefused(refused))),
                Line(nil, at: 1, .connect),
            ]),
        Way(
            title: "a refused subscription is given up as well", terms: terms(givesUp: true),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .subscribe),
                Line(
                    .failed(.subscriptionRefused(code: 128)), at: 2,
                    .giveUp(.subscriptionRefused(code: 128))),
            ]),
        Way(
            title: "a failure of the owner's has a pause of its own and leaves the backoff as it is",
            terms: terms(),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .subscribe),
                Line(.subscribed, at: 2, .exchange), Line(.interrupted(pause: 7), at: 3, .drop(.interrupted)),
                Line(nil, at: 3, .wait(until: 10)), Line(nil, at: 10, .connect),
                Line(.failed(.lost(lost)), at: 10, .drop(.lost(lost))),
                Line(nil, at: 10, .wait(until: 10 + 100 * ms)),
            ]),
        Way(
            title: "an end without a connection is quiet", terms: terms(),
            lines: [Line(.stopping, at: 0, .end)]),
        Way(
            title: "an end between login and proof is quiet: the broker may be another",
            terms: terms(proof: true),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .exchange),
                Line(.stopping, at: 2, .end),
            ]),
        Way(
            title: "an end of a session says goodbye", terms: terms(),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .subscribe),
                Line(.subscribed, at: 2, .exchange), Line(.stopping, at: 3, .sayGoodbye),
            ], isReady: true, isTrusted: true, mayWrite: true),
        Way(
            title: "a failed connection is dropped before the end", terms: terms(),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.stopping, at: 1, .sayGoodbye),
                Line(.failed(.lost(lost)), at: 1, .drop(.lost(lost))), Line(nil, at: 1, .end),
            ]),
        Way(
            title: "a connection that the owner has closed can be opened again at once", terms: terms(),
            lines: [
                Line(nil, at: 0, .connect), Line(.opened, at: 0, .exchange),
                Line(.accepted, at: 1, .subscribe),
                Line(.closed, at: 2, .connect),
            ]),
        Way(
            title: "answers that nobody asked for change nothing", terms: terms(),
            lines: [
                Line(.subscribed, at: 0, .connect), Line(.accepted, at: 0, .connect),
                Line(.opened, at: 0, .exchange), Line(.subscribed, at: 0, .exchange),
                Line(.accepted, at: 1, .subscribe), Line(.accepted, at: 1, .exchange),
            ], isTrusted: true, mayWrite: true),
    ]

    @Test("each event of a session leads to its action", arguments: ways)
    func way(_ way: Way) {
        var machine = Machine(way.terms)
        for line in way.lines {
            if let event = line.event { machine.note(event, now: line.time) }
            #expect(machine.next(now: line.time) == line.action, "\(line.testDescription)")
        }
        #expect(machine.isReady == way.isReady)
        #expect(machine.isTrusted == way.isTrusted)
        #expect(machine.mayWrite == way.mayWrite)
    }

    @Test("the first failure of a connection is the one that is reported")
    func firstFailure() {
        var machine = Machine(Self.terms())
        #expect(machine.next(now: 0) == .connect)
        machine.note(.opened, now: 0)
        machine.note(.failed(.loginRefused(Self.refused)), now: 1)
        machine.note(.failed(.lost(Self.lost)), now: 1)
        machine.note(.accepted, now: 1)
        #expect(machine.hasFailed && !machine.mayWrite)
        #expect(machine.next(now: 1) == .drop(.loginRefused(Self.refused)))
    }

    @Test("no order of events makes a session write between an accepted login and the proof")
    func anyOrder() {
        let events: [Machine.Event] = [
            .opened, .accepted, .heard(heldBytes: 1), .proven, .subscribed, .failed(.lost(Self.lost)),
            .interrupted(pause: 1), .closed,
        ]
        // All sequences of five events.
        for number in 0..<(events.count * events.count * events.count * events.count * events.count) {
            var machine = Machine(Self.terms(proof: true))
            var rest = number
            var (isOpen, isAccepted, isProven) = (false, false, false)
            for _ in 0..<5 {
                let event = events[rest % events.count]
                rest /= events.count
                _ = machine.next(now: 0)
                if event == .opened, !isOpen { (isOpen, isAccepted, isProven) = (true, false, false) }
                machine.note(event, now: 0)
                switch event {
                case .accepted: isAccepted = isOpen
                case .proven: isProven = isProven || isOpen
                case .failed, .interrupted, .closed: isOpen = false
                default: break
                }
                if machine.mayWrite { #expect(isOpen && (!isAccepted || isProven)) }
                if machine.isTrusted { #expect(isOpen && isAccepted && isProven) }
            }
        }
    }
}
