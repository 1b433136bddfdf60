// SegmentCacheTests.swift — the cache gives what was put in, keeps its limit, and keeps what is used.

import Testing
import VarveCodec
import VarveTestSupport

@testable import VarveSegment

@Suite struct SegmentCacheTests {
    private static let id = FileID(Hash128(low: 7, high: 9))

    private static func key(_ place: Int) -> SegmentCache.Key { SegmentCache.Key(id, place) }

    private static func bytes(_ cache: SegmentCache, _ place: Int) -> [UInt8]? {
        if case .bytes(let bytes)? = cache.find(key(place)) { bytes } else { nil }
    }

    @Test("cached pieces come back until there is no room, and the limit always holds")
    func limit() {
        let cache = SegmentCache(byteLimit: 400_000)
        for place in 0..<3000 {
            let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: place), count: 100 + place % 1000)
            cache.insert(.bytes(bytes), Self.key(place))
            #expect(Self.bytes(cache, place) == bytes)
            #expect(cache.byteCount <= 400_000)
        }
        let kept = (0..<3000).filter { Self.bytes(cache, $0) != nil }
        #expect(kept.count > 400 && kept.count < 1000)
        #expect(kept.allSatisfy { Self.bytes(cache, $0)?.first == UInt8(truncatingIfNeeded: $0) })
    }

    @Test("a piece in use survives a scan of many that are used once")
    func scan() {
        let cache = SegmentCache(byteLimit: 800_000)
        cache.insert(.bytes([1, 2, 3]), Self.key(-5))
        for place in 0..<5000 {
            cache.insert(.bytes([UInt8](repeating: 0, count: 1000)), Self.key(place))
            #expect(Self.bytes(cache, -5) == [1, 2, 3], "\(place)")
        }
    }

    @Test("a piece that is too large is not kept, and a cache without room keeps nothing")
    func tooLarge() {
        let cache = SegmentCache(byteLimit: 80_000)
        cache.insert(.bytes([UInt8](repeating: 0, count: 50_000)), Self.key(0))
        #expect(cache.byteCount == 0 && cache.find(Self.key(0)) == nil)
        let none = SegmentCache(byteLimit: 0)
        none.insert(.bytes([1]), Self.key(0))
        #expect(none.find(Self.key(0)) == nil)
    }

    @Test("many threads may ask and put in at once")
    func threads() async {
        let cache = SegmentCache(byteLimit: 200_000)
        await withTaskGroup(of: Bool.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(worker))
                    for _ in 0..<20_000 {
                        let place = Int.random(in: 0..<2000, using: &random)
                        if let bytes = Self.bytes(cache, place) {
                            guard bytes.count == 100 + place % 50 else { return false }
                        } else {
                            cache.insert(
                                .bytes([UInt8](repeating: 1, count: 100 + place % 50)), Self.key(place))
                        }
                    }
                    return true
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        #expect(cache.byteCount <= 200_000)
    }
}
