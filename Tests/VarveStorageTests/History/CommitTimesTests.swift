// CommitTimesTests.swift — the newest commit at a time, by table, and how old times are joined over the years.

import Testing
import VarveCodec
import VarveTestSupport

@testable import VarveStorage

@Suite struct CommitTimesTests {
    private static let second: Int64 = 1_000_000_000
    private static let day: Int64 = 86_400

    private static func times(_ commits: [(commit: UInt64, time: Int64)]) -> CommitTimes {
        var times = CommitTimes()
        for commit in commits { times.note(commit.commit, at: commit.time) }
        return times
    }

    @Test("a commit counts from the second to which its time is rounded up")
    func seconds() {
        let times = Self.times([
            (1, 5), (2, Self.second), (3, Self.second + 1), (7, 9 * Self.second - 1), (8, 3),
        ])
        let newest = [-Self.second, 0, Self.second - 1, Self.second, 2 * Self.second - 1, 2 * Self.second]
        #expect(newest.map(times.newest) == [0, 0, 0, 2, 2, 6])
        // A clock that went back: commit 8 came after 7.
        #expect(times.newest(at: 9 * Self.second - 1) == 6 && times.newest(at: 9 * Self.second) == nil)
        let made = ([0, 1, 2, 3, 6, 7, 90] as [UInt64]).map { times.time(of: $0) }
        let expected: [Int64?] = [nil, 1, 1, 2, 2, 9, 9]
        #expect(made == expected.map { $0.map { $0 * Self.second } })
        #expect(times.upTo(6).entries.map(\.commit) == [1, 3] && times.upTo(0) == CommitTimes())
        #expect(CommitTimes().newest(at: 0) == nil)
        // Before 1970 too.
        let early = Self.times([(1, -3 * Self.second - 1), (2, -Self.second)])
        #expect([-4, -3, -2, -1].map { early.newest(at: $0 * Self.second) } == [0, 1, 1, nil])
        #expect(early.newest(at: -Self.second - 1) == 1)
    }

    @Test("adding the same commits again, as after a restart, changes nothing")
    func repeats() {
        let commits: [(UInt64, Int64)] = (1..<50).map { ($0, Int64($0) * Self.second / 3) }
        let times = Self.times(commits)
        #expect(Self.times(commits + commits) == times)
        #expect(times.entries.count == 17)
    }

    @Test(
        "whole minutes, hours and days stay right when places are joined, and there are few", arguments: 1...5
    )
    func joined(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var times = CommitTimes()
        var time: Int64 = 1_600_000_000 * Self.second
        for commit in 1...20_000 as ClosedRange<UInt64> {
            time += Int64.random(in: 0..<(commit > 15_000 ? 3 : 9000) * Self.second, using: &random)
            times.note(commit, at: time)
        }
        let joined = times.joined(now: time)
        #expect(joined.joined(now: time) == joined)
        #expect(joined.entries.count < times.entries.count / 2)
        let now = time / Self.second
        for _ in 0..<2000 {
            let age = Int64.random(in: 0..<600 * Self.day, using: &random)
            let step = age > 364 * Self.day ? Self.day : age > 29 * Self.day ? 3600 : age > 3500 ? 60 : 1
            let asked = (now - age) / step * step * Self.second
            #expect(joined.newest(at: asked) == times.newest(at: asked), "seed \(seed), age \(age)")
        }
        // Later places are as if they had been noted with the earlier ones.
        var later = joined
        later.note(20_001, at: time + Self.second)
        #expect(later.newest(at: (now + 1) * Self.second) == 20_000)
    }

    @Test("times of commits are read back as written, and times out of order are damage")
    func bytes() throws {
        func read(_ bytes: [UInt8]) throws -> CommitTimes {
            try bytes.withUnsafeBytes {
                var reader = ByteReader($0)
                let times = try CommitTimes(from: &reader)
                try reader.finish()
                return times
            }
        }
        for times in [CommitTimes(), Self.times([(1, -5)]), Self.times([(1, -5), (9, 4), (.max, .max)])] {
            var writer = ByteWriter()
            times.write(to: &writer)
            #expect(try read(writer.bytes) == times)
        }
        var writer = ByteWriter()
        Self.times([(1, 0), (2, Self.second)]).write(to: &writer)
        for index in [writer.bytes.count - 1, writer.bytes.count - 2] {
            var bytes = writer.bytes
            bytes[index] = 0
            #expect(throws: CodecError.self) { try read(bytes) }
        }
    }
}
