// IngestCounters.swift — the state of the ingest loop and what it has done, readable from every thread.

import Synchronization

/// What the ingest loop is doing.
public enum IngestState: Hashable, Sendable {
    /// It was not started, or it has ended.
    case stopped
    /// It was started and has not logged in yet.
    case connecting
    /// It takes messages.
    case serving
    /// The broker cannot be reached or refuses the login; the text says why.
    case withoutBroker(String)
    /// The store or the registry fails, and messages wait at the broker; the text says why.
    case withoutSink(String)
}

/// Counts since the loop was made.
public struct IngestCounts: Hashable, Sendable {
    /// Messages that were committed or refused.
    public var messages: UInt64 = 0
    /// Answers that refuse their message.
    public var refused: UInt64 = 0
    /// The payload bytes of `messages`.
    public var payloadBytes: UInt64 = 0
    /// Samples that the store has taken, replayed ones included.
    public var samples: UInt64 = 0
    /// Answers that were made.
    public var replies: UInt64 = 0
    /// Commits; a large group takes several.
    public var commits: UInt64 = 0
    /// Commits that failed; the messages of their group come again.
    public var failedCommits: UInt64 = 0
    /// Successful logins.
    public var logins: UInt64 = 0
}

/// The state and the counters of a loop.
final class IngestCounters: Sendable {
    private let values = Mutex((state: IngestState.stopped, counts: IngestCounts()))
    private let lastRefusal = Mutex<String?>(nil)

    var state: IngestState { values.withLock { $0.state } }
    var counts: IngestCounts { values.withLock { $0.counts } }

    /// Why the loop refused the broker of its last attempt; nil if it accepted the broker or reached none.
    var refusal: String? {
        get { lastRefusal.withLock { $0 } }
        set { lastRefusal.withLock { $0 = newValue } }
    }

    /// Adds the counts of a group.
    func add(_ group: IngestCounts) {
        count { counts in
            counts.messages += group.messages
            counts.payloadBytes += group.payloadBytes
            counts.samples += group.samples
            counts.commits += group.commits
            counts.replies += group.replies
            counts.refused += group.refused
        }
    }

    /// Changes the counts; called once per group, not per message.
    func count(_ change: (inout sending IngestCounts) -> Void) {
        values.withLock { change(&$0.counts) }
    }

    /// Sets the state.
    ///
    /// - Returns: Whether the state has changed.
    func enter(_ state: IngestState) -> Bool {
        values.withLock { values in
            defer { values.state = state }
            return values.state != state
        }
    }
}
