// MessageMemory.swift — remembers committed messages, to recognise replays.
//
// Messages since the last flush are in a table in memory. Older ones are in messages files, each behind a filter.
//
// Invariants:
// - Memory: the table, which the memtable's limit bounds (`Limits.messageBytes` each), and filters of at most
//   `Limits.messageFilterBytes` together, 2 bytes a message. Filters for which there is no room are read piece by
//   piece.
// - The files are those that the newest manifest names.

import VarveCodec
import VarveSegment

struct MessageMemory: Sendable {
    private struct Source {
        let file: MessageFile
        var filter: [UInt8]?
        /// Whether it is decided if the filter is kept in memory.
        var isFilterChosen = false
    }

    /// The commits of messages since the last flush, by hash.
    private(set) var recent: [Hash128: UInt64] = [:]
    /// Whether some recent messages are still in receipts files, where version 1 kept them.
    private(set) var hasReceipts = false
    private var sources: [Source] = []
    private var filterBytes = 0

    init() {}

    var files: [MessageFile] { sources.map(\.file) }

    /// Reserves memory for a number of further messages.
    mutating func reserve(_ count: Int) { recent.reserveCapacity(recent.count + count) }

    /// Notes a committed message.
    mutating func add(_ entry: MessageEntry) { recent[entry.hash] = entry.commit }

    /// Notes a message from a receipts file of version 1.
    mutating func add(fromReceipts entry: MessageEntry) {
        add(entry)
        hasReceipts = true
    }

    /// Uses the files of a new manifest; files that stay keep their filters.
    mutating func replaceFiles(with files: [MessageFile]) {
        let known = Dictionary(uniqueKeysWithValues: sources.map { ($0.file.header.id, $0) })
        sources = files.map { known[$0.header.id] ?? Source(file: $0) }
        filterBytes = sources.reduce(0) { $0 + ($1.filter?.count ?? 0) }
        // With fewer files there may be room for more filters.
        for index in sources.indices where sources[index].filter == nil {
            sources[index].isFilterChosen = false
        }
    }

    /// Removes the recent messages from memory, as they are in a file now.
    mutating func forgetRecent() {
        recent = [:]
        hasReceipts = false
    }

    /// The commit of a message, or nil if it is not remembered.
    ///
    /// Cost: for a new message one probe of each filter in memory, and a read for about 1 in 700 probes.
    ///
    /// - Throws: `StorageError.damaged`; `FileError`.
    mutating func commit(of hash: Hash128) throws -> UInt64? {
        if let commit = recent[hash] { return commit }
        // A message that was applied again after a deletion may be in several files.
        var newest: UInt64?
        for index in sources.indices {
            if !sources[index].isFilterChosen { try chooseFilter(index) }
            if let commit = try sources[index].file.commit(of: hash, filter: sources[index].filter) {
                newest = max(commit, newest ?? 0)
            }
        }
        return newest
    }

    /// Keeps the filter of a file in memory if there is room.
    private mutating func chooseFilter(_ index: Int) throws {
        let file = sources[index].file
        if filterBytes + file.filterBytes <= Limits.messageFilterBytes {
            sources[index].filter = try file.filter()
            filterBytes += file.filterBytes
        }
        sources[index].isFilterChosen = true
    }
}
