// ResendMemory.swift — messages without times that were committed lately, to recognise them when they come again.
//
// A message with times is recognised by the store, from its content. One without times gets the time of its arrival, so
// its content differs each time, and only its bytes can tell. It is in use only where a product has a resend window.
//
// Invariants:
// - `find` knows only messages whose commit is durable.
// - Two messages are equal only if topic, client and every byte of the payload are.
// - A message is in it only if all of its samples were stored that the policy stores: nothing was skipped, refused,
//   superseded or too old.
// - Any change of the registry, a deletion of samples and a change of a type empty it. What retention removes is not
//   found any more. So a message that is found is still stored, and would be stored in the same way today.
// - Its entries and bytes are bounded; the oldest entry goes first. After a restart it is empty.

import VarveModel

/// What is done with a message.
enum MessageDecision {
    /// The batch with this number is committed.
    ///
    /// The key identifies the message if it comes again; nil if such a message would be another one.
    case batch(Int, key: [UInt8]?)
    /// It is one more copy of the message with this batch, in the same commit.
    case copy(of: Int)
    /// It was committed before.
    case resent(ResendMemory.Entry)
    /// It asks for nothing that is stored.
    case answered
    case refused(RequestFailure)
}

/// Messages by their bytes.
struct ResendMemory {
    /// What a message did.
    struct Entry {
        /// When it arrived, in nanoseconds since 1970.
        var arrival: Int64
        /// The number of its samples.
        var samples: UInt64
        /// The commit that holds them.
        var commit: UInt64
    }

    /// The most messages that are remembered.
    static let maximumEntries = 65_536
    /// The most bytes that they take, with 128 for each.
    static let maximumBytes = 32 << 20
    private static let fixedBytes = 128

    private var entries: [[UInt8]: (entry: Entry, serial: UInt64)] = [:]
    /// The keys in the order in which they were added, from `first` on; those before were removed.
    ///
    /// A key that was added again is there twice, and only the later one, which has the serial of the entry, counts.
    private var order: [(key: [UInt8], serial: UInt64)] = []
    private var first = 0
    private var serial: UInt64 = 0
    private(set) var bytes = 0
    /// The messages of the commit that comes next, with the numbers of their batches.
    private var coming: [[UInt8]: Int] = [:]
    /// The state of the registry and of the deletions in which the entries are right.
    private var generation: UInt64?
    private var removals: SampleRemovals?
    private var isChecked = false

    var count: Int { entries.count }

    /// The bytes that identify a message; topics and client ids have no NUL.
    static func key(
        topic: UnsafeRawBufferPointer, client: String, payload: UnsafeRawBufferPointer
    ) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(topic.count + client.utf8.count + payload.count + 2)
        key.append(contentsOf: topic)
        key.append(0)
        key.append(contentsOf: client.utf8)
        key.append(0)
        key.append(contentsOf: payload)
        return key
    }

    /// What the message did when it came less than a window before `arrival`; nil if it did not come.
    func find(_ key: [UInt8], arrival: Int64, window: Int64) -> Entry? {
        guard let entry = entries[key]?.entry else { return nil }
        if let removals, removals.hasExpired(time: entry.arrival, commit: entry.commit) { return nil }
        let (age, overflows) = arrival.subtractingReportingOverflow(entry.arrival)
        return !overflows && age < window ? entry : nil
    }

    /// Remembers a message whose commit is durable; for one that is remembered already, the window begins again.
    mutating func add(_ key: [UInt8], _ entry: Entry) {
        serial += 1
        entries[key] = (entry, serial)
        order.append((key, serial))
        bytes += key.count + Self.fixedBytes
        while order.count - first > Self.maximumEntries || bytes > Self.maximumBytes { removeFirst() }
    }

    private mutating func removeFirst() {
        let (key, serial) = order[first]
        order[first].key = []
        first += 1
        if entries[key]?.serial == serial { entries[key] = nil }
        bytes -= key.count + Self.fixedBytes
        if first > order.count / 2 {
            order.removeFirst(first)
            first = 0
        }
    }

    /// Forgets which messages were to be part of the last commit.
    mutating func beginCommit() {
        if !coming.isEmpty { coming.removeAll() }
        isChecked = false
    }

    /// Forgets all messages if what they did may be undone, or would be something else today.
    ///
    /// Only the first call for a commit asks.
    /// - Parameters:
    ///   - generation: The number of the directory's state; see `PointDirectory.generation`.
    ///   - removals: What was removed from the store; nil if it cannot say.
    mutating func check(generation: UInt64?, removals: () -> SampleRemovals?) {
        guard !isChecked else { return }
        isChecked = true
        let current = removals()
        if generation != self.generation || current == nil || current?.newest != self.removals?.newest {
            entries.removeAll()
            order.removeAll()
            (first, bytes) = (0, 0)
        }
        (self.generation, self.removals) = (generation, current)
    }

    /// Decides whether a message came before.
    ///
    /// - Parameter number: The number of its batch if it did not.
    mutating func decide(
        _ key: [UInt8], batch number: Int, arrival: Int64, window: Int64
    ) -> MessageDecision {
        if let earlier = coming[key] { return .copy(of: earlier) }
        if let entry = find(key, arrival: arrival, window: window) { return .resent(entry) }
        coming[key] = number
        return .batch(number, key: key)
    }

    /// What became of a message, given the outcomes of the batches; one that was stored is remembered.
    mutating func outcome(
        of decision: MessageDecision, _ outcomes: [Result<BatchOutcome, RequestFailure>], arrival: Timestamp
    ) -> Result<BatchOutcome, RequestFailure> {
        switch decision {
        case .refused(let failure): return .failure(failure)
        case .answered:
            return .success(BatchOutcome(receipt: Receipt(), isReplay: false, commit: 0))
        case .resent(let entry):
            return .success(BatchOutcome(replaying: entry.samples, commit: entry.commit))
        case .copy(let number):
            return outcomes[number].map { outcome in
                var copy = BatchOutcome(
                    replaying: outcome.receipt.samples - outcome.receipt.expired, commit: outcome.commit)
                copy.receipt.expired = outcome.receipt.expired
                copy.rules = outcome.rules
                return copy
            }
        case .batch(let number, let key):
            if let key, case .success(let outcome) = outcomes[number], outcome.receipt.expired == 0,
                outcome.receipt.superseded == 0
            {
                add(
                    key,
                    Entry(
                        arrival: arrival.nanoseconds, samples: outcome.receipt.samples,
                        commit: outcome.commit))
            }
            return outcomes[number]
        }
    }
}

extension BatchOutcome {
    /// The outcome of a message that was committed before with this number of samples.
    fileprivate init(replaying samples: UInt64, commit: UInt64) {
        var receipt = Receipt()
        receipt.replayed = samples
        self.init(receipt: receipt, isReplay: true, commit: commit)
    }
}
