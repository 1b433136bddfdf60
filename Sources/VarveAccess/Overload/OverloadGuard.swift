// OverloadGuard.swift — keeps the broker's queue for the service below the size at which it drops messages.
//
// The broker drops messages of a full queue without telling anybody, so senders are turned away before. What waits is
// what the broker took from clients less what the service has reported.
//
// Invariants:
// - Neither count falls below 0, whatever the service reports.
// - From normal it goes to refusing above 3/4 of a limit and to expelling above 9/10; it is normal again only
//   when both counts are below 1/2.

/// What waits for the service, and what follows from it.
package struct OverloadGuard: Sendable {
    /// What is done about the queue.
    package enum State: Int, Comparable, Sendable {
        /// Everything is taken.
        case normal
        /// No new channel or device may log in.
        case refusing
        /// Clients that send are disconnected as well.
        case expelling

        package static func < (left: State, right: State) -> Bool { left.rawValue < right.rawValue }
    }

    private let byteLimit: Int?
    private let messageLimit: Int?
    /// What waits, by the messages' costs in the broker (`ConsumptionReport.cost`).
    package private(set) var bytes: Int
    /// The messages that wait.
    package private(set) var messages = 0
    private var state = State.normal

    /// Makes a guard.
    ///
    /// - Parameters:
    ///   - byteLimit: The bytes that the broker's queue takes; nil for no limit.
    ///   - messageLimit: The messages that it takes; nil for no limit.
    ///   - waitingBytes: What may be waiting already.
    package init(byteLimit: Int?, messageLimit: Int?, waitingBytes: Int = 0) {
        self.byteLimit = byteLimit
        self.messageLimit = messageLimit
        bytes = max(waitingBytes, 0)
    }

    /// Counts a message of that cost that a client sent.
    package mutating func accepted(cost: Int) {
        let (sum, overflows) = bytes.addingReportingOverflow(cost)
        bytes = overflows ? .max : sum
        messages += 1
    }

    /// Takes a report of the service.
    package mutating func take(_ report: ConsumptionReport) {
        switch report {
        case .consumed(let lines):
            // No number of a report is below 0, and neither count is: no difference overflows.
            for line in lines {
                bytes = max(0, bytes - line.cost)
                messages = max(0, messages - line.messages)
            }
        case .drained:
            bytes = 0
            messages = 0
        }
    }

    /// The state that follows from the counts.
    package mutating func update() -> State {
        if isAbove(9, of: 10) {
            state = .expelling
        } else if isAbove(3, of: 4) {
            state = max(state, .refusing)
        } else if !isAbove(1, of: 2) {
            state = .normal
        } else if state == .expelling {
            state = .refusing
        }
        return state
    }

    private func isAbove(_ part: Int, of whole: Int) -> Bool {
        func exceeds(_ count: Int, _ limit: Int?) -> Bool {
            guard let limit else { return false }
            return Double(count) * Double(whole) > Double(limit) * Double(part)
        }
        return exceeds(bytes, byteLimit) || exceeds(messages, messageLimit)
    }
}
