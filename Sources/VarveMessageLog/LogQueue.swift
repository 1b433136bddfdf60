// LogQueue.swift — entries that wait to be written.
//
// Invariants:
// - Payload entries have one room and all others another: neither can take the place of the other.
// - What finds its room full is counted, never waited for.

/// Entries in the order in which they came.
struct LogQueue {
    /// What may wait of payload entries, or of the others.
    struct Room {
        /// Entries.
        var entries: Int
        /// Bytes of entries.
        var bytes: Int
    }

    /// How many entries were lost.
    struct Dropped {
        var payloads = 0
        var others = 0

        var count: Int { payloads + others }

        mutating func add(_ entry: LogEntry) {
            if entry.kind == .payload { payloads += 1 } else { others += 1 }
        }
    }

    private var waiting: [LogEntry] = []
    private var used = [Room(entries: 0, bytes: 0), Room(entries: 0, bytes: 0)]
    private let rooms: [Room]
    /// What was lost since somebody last asked.
    private(set) var dropped = Dropped()

    init(payloads: Room, others: Room) {
        rooms = [payloads, others]
    }

    var count: Int { waiting.count }

    /// Adds an entry.
    ///
    /// - Returns: Whether it found room.
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
    mutating func drop(_ lost: Dropped) {
        dropped.payloads += lost.payloads
        dropped.others += lost.others
    }

    /// Takes everything that waits.
    mutating func takeAll() -> [LogEntry] {
        used = [Room(entries: 0, bytes: 0), Room(entries: 0, bytes: 0)]
        let all = waiting
        waiting = []
        waiting.reserveCapacity(min(all.count, 1024))
        return all
    }

    /// Takes the counts of what was lost.
    mutating func takeDropped() -> Dropped {
        defer { dropped = Dropped() }
        return dropped
    }
}
