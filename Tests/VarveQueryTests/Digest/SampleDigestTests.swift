// SampleDigestTests.swift — digests know samples, not their order, their storage or their types of numbers.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveQuery
@testable import VarveStorage

@Suite struct SampleDigestTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")
    private static let day: Int64 = 86_400_000_000_000

    private static func sample(_ time: Int64, _ value: Value?, _ quality: Int32? = nil) -> Sample {
        Sample(time: Timestamp(nanoseconds: time), value: value, quality: quality)
    }

    /// The days of samples that are committed in some order, in so many batches.
    private static func days(
        _ samples: [Sample], _ type: ValueType, batches: Int = 1, flushes: Bool = false
    ) throws -> [DayDigest] {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for batch in 0..<batches {
            let part = samples.indices.filter { $0 % batches == batch }.map { samples[$0] }
            _ = try store.commit(SampleBatch(series: [SeriesRows(key, type, part)]))
            if flushes { try store.flush() }
        }
        var days: [DayDigest] = []
        try store.snapshot().digests(of: SeriesInfo(key: key, type: type), in: .all) { days.append($0) }
        return days
    }

    private static func digest(_ samples: Sample..., type: ValueType = .double) throws -> SampleDigest {
        try days(samples, type).reduce(into: SampleDigest()) { $0.add($1.digest) }
    }

    @Test("the order of arrival and the number of segments do not change a digest")
    func order() throws {
        var random = SeededGenerator(seed: 11)
        let samples = (0..<3000).map {
            Self.sample(Int64($0) * Self.day / 700, .double(Double($0) / 10), Int32($0 % 3))
        }
        let expected = try Self.days(samples, .double)
        #expect(expected.count == 5 && expected.map(\.digest.samples).reduce(0, +) == 3000)
        let shuffled = samples.shuffled(using: &random)
        #expect(try Self.days(shuffled, .double, batches: 7, flushes: true) == expected)
        #expect(try Self.days(shuffled, .double, batches: 3) == expected)
    }

    @Test("another time, value, quality or presence gives another digest")
    func sensitivity() throws {
        let digests = [
            try Self.digest(Self.sample(1, .double(5), 0)), try Self.digest(Self.sample(2, .double(5), 0)),
            try Self.digest(Self.sample(1, .double(5.5), 0)), try Self.digest(Self.sample(1, .double(5), 1)),
            try Self.digest(Self.sample(1, .double(5))), try Self.digest(Self.sample(1, nil, 0)),
            try Self.digest(Self.sample(1, .double(0), 0)), try Self.digest(Self.sample(1, .double(-0.0), 0)),
            try Self.digest(Self.sample(1, .double(.nan), 0)),
            try Self.digest(Self.sample(1, .bool(true), 0), type: .bool),
            try Self.digest(Self.sample(1, .string("5"), 0), type: .string),
            try Self.digest(Self.sample(1, .json("5"), 0), type: .json), SampleDigest(),
        ]
        #expect(Set(digests.map(\.description)).count == digests.count)
    }

    @Test("an integer is the same in a point of doubles as in one of integers")
    func integers() throws {
        for value in [0, -7, 5, 1 << 53, -(1 << 62)] as [Int64] {
            let asDouble = try Self.digest(Self.sample(1, .double(Double(value)), 0))
            #expect(try Self.digest(Self.sample(1, .int64(value), 0), type: .int64) == asDouble, "\(value)")
        }
    }

    @Test("days end at UTC midnight, also before 1970 and at the ends of time")
    func days() throws {
        let times = [
            Int64.min, .min + 1, -Self.day - 1, -Self.day, -1, 0, Self.day - 1, Self.day, .max - 1, .max,
        ]
        let days = try Self.days(times.map { Self.sample($0, .double(1)) }, .double)
        #expect(days.map(\.digest.samples) == [2, 1, 2, 2, 1, 2])
        #expect(days[1].day.nanoseconds == -2 * Self.day && days[3].day.nanoseconds == 0)
        #expect(days[0].day == .earliest)
    }

    @Test("the digest of a store depends on which series has which samples")
    func names() throws {
        let (one, two) = (
            try Self.digest(Self.sample(1, .double(1))), try Self.digest(Self.sample(1, .double(2)))
        )
        let other = SeriesKey(product: "p", device: "d", point: "y")
        var (left, right, same) = (SampleDigest(), SampleDigest(), SampleDigest())
        left.add(one, of: Self.key)
        left.add(two, of: other)
        right.add(two, of: Self.key)
        right.add(one, of: other)
        same.add(two, of: other)
        same.add(one, of: Self.key)
        #expect(left == same && left != right && left.samples == 2)
    }

    /// Calculated with libxxhash from a C program and the bytes that the head of SampleDigest.swift names.
    @Test("digests of earlier versions do not change")
    func frozen() throws {
        #expect(
            try Self.digest(Self.sample(1, .double(5.5), 0)).description == "d7d4c11f2df56df4071515eb8f67810d"
        )
        #expect(
            try Self.digest(Self.sample(1, .string("on"), 3), type: .string).description
                == "0b8f025ccc04192e183a1b5148280fc3")
    }
}
