// MessageMerge.swift — merges messages files of one tier, and finds files that are too old.
//
// Invariants:
// - A decision reads no file.
// - Files are merged only with others of about the same size and age. So a message is rewritten once for each fourfold
//   growth, and a file is dropped soon after its newest message is too old.
// - Memory of a merge: one piece for each input, and the writer's buffer.

import VarveCodec
import VarveFile
import VarveSegment

enum MessageMerge {
    /// The number of files of one tier that starts a merge.
    static let tierWidth = 4
    /// The next flush writes files with fewer messages again, together with its own messages.
    static let absorbedEntries = 4096

    /// Whether all messages of a file are older than the horizon.
    ///
    /// One step of the clock is added: a message is remembered for the horizon even if the clock jumped once.
    static func isExpired(_ file: MessageReference, clock: Int64, horizon: Int64) -> Bool {
        let age = UInt64(bitPattern: clock &- file.newest)
        return clock > file.newest
            && age > UInt64(max(0, horizon)) + UInt64(MessageReference.longestClockStep)
    }

    /// The files to merge next, if a merge is due.
    static func due(_ files: [MessageReference], horizon: Int64) -> [MessageReference]? {
        let tiers = Dictionary(grouping: files) { tier($0) }
        for (_, tier) in tiers.sorted(by: { $0.key < $1.key }) where tier.count >= tierWidth {
            let byAge = tier.sorted { ($0.newest, $0.oldest) < ($1.newest, $1.oldest) }
            for start in 0...(byAge.count - tierWidth) {
                let group = byAge[start..<start + tierWidth]
                let oldest = group.map(\.oldest).min() ?? 0
                let newest = group.map(\.newest).max() ?? 0
                if newest &- oldest <= max(horizon, 0) / 4 { return Array(group) }
            }
        }
        return nil
    }

    /// Writes the messages of some files and some more messages to one file; it is durable on return.
    ///
    /// - Throws: `StorageError.damaged`; `FileError`.
    static func write(
        _ inputs: [MessageFile], and more: [MessageEntry], clock: Int64?, _ folder: StoreFolder
    ) throws -> MessageReference {
        let headers = inputs.map(\.header)
        let highest = max(headers.map(\.highestCommit).max() ?? 0, more.map(\.commit).max() ?? 0)
        let header = MessageHeader(
            id: folder.newFileID(), entries: headers.reduce(more.count) { $0 + $1.entries },
            oldest: headers.map(\.oldest).min() ?? clock ?? 0,
            newest: clock ?? headers.map(\.newest).max() ?? 0, highestCommit: highest)
        let sorted = more.sorted()
        return try MessageFileWriter.write(header, folder) {
            var merge = Merge(inputs.map { Cursor($0) } + [Cursor(sorted)])
            return { try merge.next() }
        }
    }

    private static func tier(_ file: MessageReference) -> Int {
        (UInt64.bitWidth - max(file.count, 1).leadingZeroBitCount) / 2
    }

    /// The entries of one file or of an array, one by one.
    private struct Cursor {
        private let file: MessageFile?
        private var nextPiece = 0
        private var entries: [MessageEntry]
        private var index = 0

        init(_ file: MessageFile) {
            self.file = file
            entries = []
        }

        init(_ entries: [MessageEntry]) {
            file = nil
            self.entries = entries
        }

        mutating func current() throws -> MessageEntry? {
            if index < entries.count { return entries[index] }
            guard let file, nextPiece < file.pieces else { return nil }
            entries = try file.entries(nextPiece)
            nextPiece += 1
            index = 0
            return entries.first
        }

        mutating func advance() { index += 1 }
    }

    private struct Merge {
        var cursors: [Cursor]

        init(_ cursors: [Cursor]) { self.cursors = cursors }

        mutating func next() throws -> MessageEntry? {
            var least: (entry: MessageEntry, cursor: Int)?
            for index in cursors.indices {
                guard let entry = try cursors[index].current() else { continue }
                if least.map({ entry < $0.entry }) ?? true { least = (entry, index) }
            }
            guard let least else { return nil }
            cursors[least.cursor].advance()
            return least.entry
        }
    }
}
