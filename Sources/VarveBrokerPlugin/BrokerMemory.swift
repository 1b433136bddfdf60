// BrokerMemory.swift — watches what no message explains: logins that never end, unfinished messages, last wills.
//
// Invariants:
// - Asks for nothing that grows with the broker's use while its memory is small.
// - Never names a client: what is to be done about the memory is decided by who holds it.

import Glibc
import VarveFile

/// What the broker's process holds.
struct BrokerMemory {
    /// What is to be done.
    enum Alarm: Equatable {
        /// Connections that have not logged in are to be closed: there are so many.
        case unfinishedLogins(Int)
        /// So many bytes are in use beyond what waits.
        case unexplained(bytes: Int)
    }

    /// What may be in use beyond what waits.
    static let slack = 64 << 20
    private static let quietSize = 96 << 20
    private static let patience: Int64 = 5_000_000_000
    private static let countInterval: Int64 = 500_000_000
    private static let trimInterval: Int64 = 2_000_000_000
    private static let files = POSIXFileSystem()
    private let connections: Int
    private let heap: BrokerHeap
    private var ownDescriptors = Int.max
    private var strangers = 0
    private var lastCount: Int64 = .min
    private var crowdedSince: Int64?
    private var lastTrim: Int64 = .min
    /// The bytes of memory that the process has, by the last look.
    private(set) var resident = 0

    /// - Parameters:
    ///   - connections: The broker's `max_connections`.
    ///   - heap: The memory of the process.
    init(connections: Int, heap: BrokerHeap) {
        self.connections = connections
        self.heap = heap
    }

    /// Looks.
    ///
    /// - Parameters:
    ///   - clients: How many are logged in.
    ///   - explained: The bytes that waiting messages and answers may take.
    mutating func look(clients: Int, explained: Int, now: Int64) -> [Alarm] {
        var alarms: [Alarm] = []
        if lastCount == .min || now - lastCount >= Self.countInterval {
            lastCount = now
            count(clients: clients)
        }
        let isCrowded = strangers > max(4, connections / 4)
        if !isCrowded { crowdedSince = nil } else if crowdedSince == nil { crowdedSince = now }
        if let since = crowdedSince, now - since >= Self.patience {
            crowdedSince = nil
            lastCount = .min
            alarms.append(.unfinishedLogins(strangers))
        }
        resident = Self.residentBytes()
        guard resident > Self.quietSize else { return alarms }
        let used = heap.used()
        if resident > used + Self.slack, lastTrim == .min || now - lastTrim > Self.trimInterval {
            lastTrim = now
            heap.trim()
        }
        guard used > explained + Self.slack else { return alarms }
        if alarms.isEmpty, strangers > max(4, connections / 32) {
            alarms.append(.unfinishedLogins(strangers))
        }
        alarms.append(.unexplained(bytes: used - explained))
        return alarms
    }

    /// Counts the connections that have not logged in.
    private mutating func count(clients: Int) {
        guard let open = Self.openDescriptors() else { return }
        // The broker's own files are open before any client is, so the least ever seen is theirs.
        ownDescriptors = min(ownDescriptors, open - clients)
        strangers = open - clients - ownDescriptors
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

/// What the C library tells of the broker's memory.
struct BrokerHeap: Sendable {
    /// The bytes that are allocated.
    var used: @Sendable () -> Int
    /// Gives what is free back to the system.
    var trim: @Sendable () -> Void
}
