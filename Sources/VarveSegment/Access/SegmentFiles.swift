// SegmentFiles.swift — the open segment files of a store, opened on demand and limited in number.
//
// A file that is closed to make room is opened again on demand. So its name must stay as long as a snapshot may read
// it: a merge retires the readers of its inputs, and the name is removed with the last snapshot that has the segment.
//
// Invariants:
// - At most `limit` files are kept open, apart from files that a running read still uses.

import Synchronization
import VarveFile

final class SegmentFiles: Sendable {
    private struct Slot {
        var file: any File
        var lastUse: UInt64
    }

    private struct State {
        var slots: [FileID: Slot] = [:]
        var uses: UInt64 = 0
    }

    private let folder: StoreFolder
    private let limit: Int
    private let state = Mutex(State())

    init(_ folder: StoreFolder, limit: Int = FormatLimits.openSegments) {
        self.folder = folder
        self.limit = limit
    }

    /// How many files are kept open.
    var count: Int { state.withLock { $0.slots.count } }

    /// Whether another file can be kept open without closing one.
    var hasRoom: Bool { count < limit }

    /// The file of a segment, opened unless it is open already.
    ///
    /// - Throws: `FileError` if it cannot be opened.
    func file(_ id: FileID) throws(FileError) -> any File {
        if let known = find(id) { return known }
        let opened = try folder.open(StoreFolder.immutable(id, .segment), .read)
        return state.withLock { state in
            if let known = state.slots[id] { return known.file }
            if state.slots.count >= limit { Self.makeRoom(&state, limit) }
            state.uses += 1
            state.slots[id] = Slot(file: opened, lastUse: state.uses)
            return opened
        }
    }

    /// Closes a file whose reader is gone.
    ///
    /// - Parameter removing: Whether the segment is no longer part of the store, so that its file is removed too.
    func release(_ id: FileID, removing: Bool) {
        state.withLock { $0.slots[id] = nil }
        guard removing else { return }
        // A file that cannot be removed now is an orphan that the next writer removes.
        try? folder.remove(StoreFolder.immutable(id, .segment))
    }

    private func find(_ id: FileID) -> (any File)? {
        state.withLock { state in
            state.uses += 1
            state.slots[id]?.lastUse = state.uses
            return state.slots[id]?.file
        }
    }

    /// Closes the least recently used eighth of the files; a running read keeps its file open until it ends.
    private static func makeRoom(_ state: inout State, _ limit: Int) {
        let oldest = state.slots.sorted { $0.value.lastUse < $1.value.lastUse }
        for (id, _) in oldest.prefix(max(1, limit / 8)) { state.slots[id] = nil }
    }
}
