// LogQueue.swift — entries that wait to be written.
//
// Invariants:
// - Payload entries have one room and all others have another. Neither can fill the room of the other.
// - An entry that finds its room full is counted as dropped. It never waits for room.

/// Waiting entries, in the order in which they were added.
struct LogQueue {
    /// The most that may wait of payload entries, or of the others.
    struct Room {
        /// The number of entries.
        var entries: Int
        /// The bytes of entries, by `weight`.
        var bytes: Int
    }

    /// The number of entries that were lost.
    struct Dropped {
        var payloads = 0
        var others = 0

        var count: Int { payloads + others }

        init() {}

        /// One entry.
        init(_ entry: LogEntry) { add(entry) }

        mutating func add(_ entry: LogEntry) {
            if entry.kind == .payload { payloads += 1 } else { others += 1 }
        }
    }

    private var waiting: [LogEntry] = []
    private var used = [Room(entries: 0, bytes: 0), Room(entries: 0, bytes: 0)]
    private let rooms: [Room]
    /// The entries lost since the last `takeDropped`.
    private(set) var dropped = Dropped()

    init(payloads: Room, others: Room) {
        rooms = [payloads, others]
    }

    var count: Int { waiting.count }

    /// Adds an entry, or counts it as dropped.
    ///
    /// - Returns: Whether there was room.
    mutating func add(_ entry: LogEntry) -> Bool {
        let room = entry.kind == .payload ? 0 : 1
        let weight = entry.weight
        guard used[room].entries < rooms[room].entries, used[room].bytes + weight <= rooms[room].bytes else {
            dropped.add(entry)
            return false
        }
        used[room].entries += 1
        used[room].bytes += weight
        waiting.append(entry)
        return true
    }

    /// Counts entries that could not be written.
    mutating func countDropped(_ lost: Dropped) {
        dropped.payloads += lost.payloads
        dropped.others += lost.others
    }

    /// Removes and returns all waiting entries.
    mutating func takeAll() -> [LogEntry] {
        used = [Room(entries: 0, bytes: 0), Room(entries: 0, bytes: 0)]
        let all = waiting
        waiting = []
        waiting.reserveCapacity(min(all.count, 1024))
        return all
    }

    /// Returns the counts of lost entries and sets them to 0.
    mutating func takeDropped() -> Dropped {
        defer { dropped = Dropped() }
        return dropped
    }
}
