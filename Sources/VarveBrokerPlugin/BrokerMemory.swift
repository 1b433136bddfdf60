// BrokerMemory.swift — watches the memory that no message explains: logins that never end, unfinished
// messages, wills.
//
// Invariants:
// - The heap, whose cost to measure grows with its use, is measured only while the process has more than 96
//   MiB.
// - An alarm never names a client. MemoryControl decides what to do about it.

import Glibc
import VarveFile

/// Watches the connections and the memory of the broker's process.
struct BrokerMemory {
    /// What MemoryControl must act on.
    enum Alarm: Equatable {
        /// There are too many connections that have not logged in: this many.
        case unfinishedLogins(Int)
        /// This many bytes are in use beyond those of waiting messages and answers.
        case unexplained(bytes: Int)
    }

    /// The bytes that may be in use beyond those of waiting messages and answers.
    static let slack = 64 << 20
    private static let quietSize = 96 << 20
    private static let patience: Int64 = 5_000_000_000
    private static let countInterval: Int64 = 500_000_000
    private static let trimInterval: Int64 = 1_000_000_000
    private static let files = POSIXFileSystem()
    private let connections: Int
    private let heap: BrokerHeap
    private var ownDescriptors = Int.max
    private var unauthenticated = 0
    private var lastCount: Int64 = .min
    private var crowdedSince: Int64?
    private var lastTrim: Int64 = .min
    /// The resident bytes of the process at the last check.
    private(set) var resident = 0

    /// - Parameters:
    ///   - connections: The broker's `max_connections`.
    ///   - heap: The memory of the process.
    init(connections: Int, heap: BrokerHeap) {
        self.connections = connections
        self.heap = heap
    }

    /// Counts connections and measures memory.
    ///
    /// Returns what MemoryControl must act on.
    ///
    /// - Parameters:
    ///   - clients: The number of clients that are logged in.
    ///   - explained: The bytes that waiting messages and answers may take.
    mutating func check(clients: Int, explained: Int, now: Int64) -> [Alarm] {
        var alarms: [Alarm] = []
        if lastCount == .min || now - lastCount >= Self.countInterval {
            lastCount = now
            count(clients: clients)
        }
        let isCrowded = unauthenticated > max(4, connections / 4)
        if !isCrowded { crowdedSince = nil } else if crowdedSince == nil { crowdedSince = now }
        if let since = crowdedSince, now - since >= Self.patience {
            crowdedSince = nil
            lastCount = .min
            alarms.append(.unfinishedLogins(unauthenticated))
        }
        resident = Self.residentBytes()
        guard resident > Self.quietSize else { return alarms }
        let used = heap.used()
        if resident > used + Self.slack, lastTrim == .min || now - lastTrim > Self.trimInterval {
            lastTrim = now
            heap.trim()
        }
        guard used > explained + Self.slack else { return alarms }
        if alarms.isEmpty, unauthenticated > max(4, connections / 32) {
            alarms.append(.unfinishedLogins(unauthenticated))
        }
        alarms.append(.unexplained(bytes: used - explained))
        return alarms
    }

    /// Counts the connections that have not logged in.
    private mutating func count(clients: Int) {
        guard let open = Self.openDescriptors() else { return }
        // The broker opens its own files before any client connects, so the lowest number ever seen is
        // theirs.
        ownDescriptors = min(ownDescriptors, open - clients)
        unauthenticated = open - clients - ownDescriptors
    }

    private static func openDescriptors() -> Int? { (try? files.list("/proc/self/fd"))?.count }

    private static func residentBytes() -> Int {
        guard let file = try? files.open("/proc/self/statm", .read) else { return 0 }
        defer { file.close() }
        let text = (try? file.readToEnd(limit: 256)) ?? []
        let words = String(decoding: text, as: UTF8.self).split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}

/// The broker's memory, as its C library sees it.
struct BrokerHeap: Sendable {
    /// The bytes that are allocated.
    var used: @Sendable () -> Int
    /// Gives free memory back to the system.
    var trim: @Sendable () -> Void
}
