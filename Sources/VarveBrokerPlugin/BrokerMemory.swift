// BrokerMemory.swift — watches what no message explains: logins that never end, unfinished messages, last wills.
//
// Invariants:
// - Asks for nothing that grows with the broker's use while its memory is small.
// - Never names a client: what is to be done about the memory is decided by who holds it.

import CMosquittoBroker
import Glibc

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
    private static let quietSize = 128 << 20
    private static let patience: Int64 = 5_000_000_000
    private let connections: Int
    private var ownDescriptors = Int.max
    private var crowdedSince: Int64?
    private var lastTrim: Int64 = .min
    /// The bytes of memory that the process has, by the last look.
    private(set) var resident = 0

    /// - Parameter connections: The broker's `max_connections`.
    init(connections: Int) {
        self.connections = connections
    }

    /// Looks.
    ///
    /// - Parameters:
    ///   - clients: How many are logged in.
    ///   - explained: The bytes that waiting messages and answers may take.
    mutating func look(clients: Int, explained: Int, now: Int64) -> [Alarm] {
        var alarms: [Alarm] = []
        let strangers = strangers(clients: clients)
        let isCrowded = strangers > max(4, connections / 4)
        if !isCrowded { crowdedSince = nil } else if crowdedSince == nil { crowdedSince = now }
        if let since = crowdedSince, now - since >= Self.patience {
            crowdedSince = nil
            alarms.append(.unfinishedLogins(strangers))
        }
        resident = Self.residentBytes()
        guard resident > Self.quietSize else { return alarms }
        let heap = Self.heapBytes()
        if heap > explained + Self.slack {
            if alarms.isEmpty, strangers > 0 { alarms.append(.unfinishedLogins(strangers)) }
            alarms.append(.unexplained(bytes: heap - explained))
        } else if resident > heap + Self.slack, lastTrim == .min || now - lastTrim > 2 * Self.patience {
            lastTrim = now
            malloc_trim(0)
        }
        return alarms
    }

    /// Connections that have not logged in.
    private mutating func strangers(clients: Int) -> Int {
        guard let open = Self.openDescriptors() else { return 0 }
        // The broker's own files are open before any client is, so the least ever seen is theirs.
        ownDescriptors = min(ownDescriptors, open - clients)
        return open - clients - ownDescriptors
    }

    private static func openDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }

    /// Memory that is allocated.
    private static func heapBytes() -> Int {
        let use = mallinfo2()
        return Int(clamping: use.uordblks) + Int(clamping: use.hblkhd)
    }

    private static func residentBytes() -> Int {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 128)
        let count = read(descriptor, &text, text.count)
        guard count > 0 else { return 0 }
        let words = String(decoding: text[..<count], as: UTF8.self).split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
