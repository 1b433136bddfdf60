// CommitTimes.swift — the times of commits, for `--as-of` a time: the first commit of each second.
//
// The time of a commit is rounded up to a second, so the state at a whole second has all commits before it. Old seconds
// are joined: entries more than an hour old in whole minutes, more than 30 days old in hours, more than 365 days old in
// days. So the list has at most about 60,000 entries in its first year and 365 more in each further year.
//
// Invariants:
// - Seconds and commits both ascend strictly. If the clock goes back, later commits count for the last second.
// - Joining entries does not change the state at a time that is a whole minute, hour or day, as far as entries are
//   joined.

import VarveCodec

struct CommitTimes: Hashable, Sendable {
    /// The first commit after the second of the entry before, up to the second of this entry.
    struct Entry: Hashable, Sendable {
        /// Seconds since 1970 UTC.
        var second: Int64
        var commit: UInt64
    }

    private(set) var entries: [Entry] = []

    private static let nanoseconds: Int64 = 1_000_000_000
    private static let (minute, hour, day): (Int64, Int64, Int64) = (60, 3_600, 86_400)

    init() {}

    /// Notes the time of a commit; a commit that is known already changes nothing.
    mutating func note(_ commit: UInt64, at time: Int64) {
        let second = Self.roundUp(time, Self.nanoseconds)
        guard let last = entries.last else { return entries.append(Entry(second: second, commit: commit)) }
        guard commit > last.commit, second > last.second else { return }
        entries.append(Entry(second: second, commit: commit))
    }

    /// The newest commit at a time in nanoseconds since 1970 UTC; nil if it is the newest of all.
    ///
    /// Before the first known commit it is the commit before that one.
    func newest(at time: Int64) -> UInt64? {
        var (low, high) = (0, entries.count)
        let second = time / Self.nanoseconds - (time % Self.nanoseconds < 0 ? 1 : 0)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].second <= second { low = middle + 1 } else { high = middle }
        }
        return low < entries.count ? entries[low].commit - min(1, entries[low].commit) : nil
    }

    /// The time of a commit, rounded up, in nanoseconds since 1970 UTC; nil if it is older than all known commits.
    func time(of commit: UInt64) -> Int64? {
        entries.last { $0.commit <= commit }.map {
            $0.second.multipliedReportingOverflow(by: Self.nanoseconds)
        }
        .flatMap { $0.overflow ? nil : $0.partialValue }
    }

    /// The times of commits up to a commit.
    func upTo(_ commit: UInt64) -> CommitTimes {
        guard let last = entries.last, last.commit > commit else { return self }
        var times = self
        times.entries.removeAll { $0.commit > commit }
        return times
    }

    /// The times with old entries joined.
    ///
    /// - Parameter now: Nanoseconds since 1970 UTC.
    func joined(now: Int64) -> CommitTimes {
        let second = now / Self.nanoseconds
        // Each border is a multiple of its step, so that no entry is rounded up beyond it.
        let steps = [
            (Self.day, Self.border(second - 365 * Self.day, Self.day)),
            (Self.hour, Self.border(second - 30 * Self.day, Self.hour)),
            (Self.minute, Self.border(second - Self.hour, Self.minute)),
        ]
        var times = CommitTimes()
        times.entries.reserveCapacity(entries.count)
        for entry in entries {
            let step = steps.first { entry.second <= $0.1 }?.0 ?? 1
            let second = Self.roundUp(entry.second, step) &* step
            if let last = times.entries.last, last.second >= second { continue }
            times.entries.append(Entry(second: second, commit: entry.commit))
        }
        return times
    }

    private static func border(_ second: Int64, _ step: Int64) -> Int64 { second / step * step }

    private static func roundUp(_ number: Int64, _ step: Int64) -> Int64 {
        let quotient = number / step
        return number % step > 0 ? quotient + 1 : quotient
    }

    func write(to writer: inout ByteWriter) {
        writer.appendVarint(UInt64(entries.count))
        var before = Entry(second: 0, commit: 0)
        for (index, entry) in entries.enumerated() {
            if index == 0 {
                writer.append(entry.second)
            } else {
                writer.appendVarint(UInt64(bitPattern: entry.second &- before.second))
            }
            writer.appendVarint(entry.commit - before.commit)
            before = entry
        }
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `CodecError` where the bytes do not parse or the times do not ascend.
    init(from reader: inout ByteReader) throws(CodecError) {
        let count = try reader.varint(limit: reader.remaining, "commit times")
        entries.reserveCapacity(count)
        for index in 0..<count {
            let step =
                index == 0
                ? try reader.integer(as: Int64.self) : Int64(try reader.varint(limit: .max, "seconds"))
            let (second, overflow) = (entries.last?.second ?? 0).addingReportingOverflow(step)
            let (commit, tooHigh) = (entries.last?.commit ?? 0).addingReportingOverflow(try reader.varint())
            if let last = entries.last, second <= last.second || commit <= last.commit {
                throw reader.failure("commit times out of order")
            }
            guard !overflow, !tooHigh else { throw reader.failure("an impossible commit time") }
            entries.append(Entry(second: second, commit: commit))
        }
    }
}
