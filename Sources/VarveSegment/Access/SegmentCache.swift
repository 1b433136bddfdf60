// SegmentCache.swift — keeps verified pieces of segments: decoded indexes, stored bytes of blocks.
//
// A piece in the cache is neither read nor checked again. Blocks are kept as stored: they take a tenth of the space of
// their samples, and decoding takes little more time than copying would. Only blocks that many short series share are
// kept decoded, while their series are read one after the other.
//
// Invariants:
// - The pieces together take at most `byteLimit` bytes, by their own counts.
// - A piece that was used since the hand last passed stays (CLOCK), so a scan cannot evict pieces in use.

import Synchronization
import VarveCodec

final class SegmentCache: Sendable {
    /// A piece of a segment as the cache keeps it.
    enum Piece: Sendable {
        case top(SegmentTop)
        case page(IndexPage)
        case bytes([UInt8])
        case run(SampleRun)

        /// About how much memory the piece takes, in bytes.
        fileprivate var byteCount: Int {
            switch self {
            case .top(let top): top.byteCount
            case .page(let page): page.byteCount
            case .bytes(let bytes): bytes.count + 64
            case .run(let run): run.byteCount
            }
        }
    }

    /// A place in a segment; the top index has offset −1, and a decoded block the complement of the block's offset.
    struct Key: Hashable, Sendable {
        var id: FileID
        var offset: Int

        init(_ id: FileID, _ offset: Int) {
            self.id = id
            self.offset = offset
        }

        /// The key of the decoded block at `offset`; no block begins at 0.
        init(_ id: FileID, decodedAt offset: Int) { self.init(id, ~offset) }
    }

    private let shards: [Shard]

    init(byteLimit: Int) {
        shards = (0..<Self.shardCount).map { _ in Shard(byteLimit: byteLimit / Self.shardCount) }
    }

    /// Readers of different pieces mostly take different locks, one for each shard.
    private static let shardCount = 8

    /// The bytes of all pieces in the cache.
    var byteCount: Int { shards.reduce(0) { $0 + $1.byteCount } }

    func find(_ key: Key) -> Piece? { shard(key).find(key) }

    func insert(_ piece: Piece, _ key: Key) { shard(key).insert(piece, piece.byteCount, key) }

    private func shard(_ key: Key) -> Shard {
        var mixed = UInt64(truncatingIfNeeded: key.offset) ^ key.id.hash.low
        mixed = (mixed ^ (mixed >> 29)) &* 0x9E37_79B9_7F4A_7C15
        return shards[Int(mixed >> 61)]
    }
}

/// A part of the cache with a lock of its own.
private final class Shard: Sendable {
    private struct Slot {
        var key: SegmentCache.Key
        var piece: SegmentCache.Piece
        var byteCount: Int
        var wasUsed: Bool
    }

    private struct State {
        var places: [SegmentCache.Key: Int] = [:]
        var slots: [Slot] = []
        var hand = 0
        var byteCount = 0
    }

    private let byteLimit: Int
    private let state = Mutex(State())

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    var byteCount: Int { state.withLock { $0.byteCount } }

    func find(_ key: SegmentCache.Key) -> SegmentCache.Piece? {
        state.withLock { state in
            guard let place = state.places[key] else { return nil }
            state.slots[place].wasUsed = true
            return state.slots[place].piece
        }
    }

    func insert(_ piece: SegmentCache.Piece, _ byteCount: Int, _ key: SegmentCache.Key) {
        // A piece that would evict a quarter of the shard is not kept.
        guard byteCount <= byteLimit / 4 else { return }
        state.withLock { state in
            guard state.places[key] == nil else { return }
            while state.byteCount + byteCount > byteLimit { Self.evict(&state) }
            state.places[key] = state.slots.count
            state.slots.append(Slot(key: key, piece: piece, byteCount: byteCount, wasUsed: false))
            state.byteCount += byteCount
        }
    }

    /// Looks at one piece: evicts it if it was not used since the hand last passed, else moves the hand on.
    private static func evict(_ state: inout State) {
        if state.hand >= state.slots.count { state.hand = 0 }
        guard !state.slots[state.hand].wasUsed else {
            state.slots[state.hand].wasUsed = false
            state.hand += 1
            return
        }
        let gone = state.slots[state.hand]
        state.places[gone.key] = nil
        state.byteCount -= gone.byteCount
        let last = state.slots.removeLast()
        if last.key != gone.key {
            state.slots[state.hand] = last
            state.places[last.key] = state.hand
        }
    }
}
