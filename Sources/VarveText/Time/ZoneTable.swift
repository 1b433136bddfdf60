// ZoneTable.swift — a zone of the time zone database: its changes, and the rule for the time after them.
//
// Source of the format: RFC 9636 (TZif), versions 2 and up, and POSIX.1-2017 section 8.3 for the rule in its footer.
//
// Invariants:
// - Reading never traps: every byte sequence is a zone or an error.
// - The changes ascend; each element of `offsets` after the first is in force from one change to the next.

/// A named zone with all of its changes.
public struct ZoneTable: NamedZone {
    /// Why bytes are not a zone.
    public struct Damaged: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong, as half a sentence.
        public let description: String
    }

    /// The zone's name.
    public let name: String
    /// The moments of the changes, in seconds since 1970 UTC.
    private var changes: [Int64] = []
    /// The offset before the first change, then the offset after each change.
    private var offsets: [Int]
    /// Whether summer time is in force with each of `offsets`.
    private var isSummer: [Bool]
    /// The rule for the time after the last change.
    private let rule: ZoneRule?

    /// The largest file that is read, in bytes; the largest file of the database has 4 KiB.
    public static let maximumBytes = 1 << 20

    /// Reads a file of the time zone database.
    ///
    /// - Parameters:
    ///   - name: The zone's name.
    ///   - bytes: The whole file.
    /// - Throws: `Damaged` if the bytes are not a zone.
    public init(name: String, bytes: [UInt8]) throws(Damaged) {
        self.name = name
        var reader = ZoneReader(bytes)
        let first = try reader.header()
        guard first.version >= 2 else { throw Damaged(description: "is of the old version 1") }
        // The first block has 32-bit times; the second block has the same form and all times.
        try reader.skip(first.size(timeBytes: 4))
        let header = try reader.header()
        var moments: [Int64] = []
        for _ in 0..<header.timeCount { moments.append(try reader.integer64()) }
        var kinds: [Int] = []
        for _ in 0..<header.timeCount { kinds.append(Int(try reader.byte())) }
        var types: [(offset: Int, isSummer: Bool)] = []
        for _ in 0..<header.typeCount {
            let offset = Int(Int32(bitPattern: try reader.integer32()))
            let isSummer = try reader.byte() != 0
            _ = try reader.byte()
            guard abs(offset) <= 26 * 3600 else { throw Damaged(description: "has an offset of \(offset) s") }
            types.append((offset, isSummer))
        }
        try reader.skip(header.sizeAfterTypes)
        rule = try ZoneRule(reader.footer())
        guard let initial = types.first else { throw Damaged(description: "has no offset") }
        offsets = [initial.offset]
        isSummer = [initial.isSummer]
        for (moment, kind) in zip(moments, kinds) {
            guard kind < types.count else { throw Damaged(description: "has a change to an unknown offset") }
            guard changes.last.map({ $0 < moment }) ?? true else {
                throw Damaged(description: "has changes that do not ascend")
            }
            changes.append(moment)
            offsets.append(types[kind].offset)
            isSummer.append(types[kind].isSummer)
        }
    }

    /// Whether there is neither a change nor a rule with one.
    public var isFixed: Bool { Set(offsets).count == 1 && rule?.summer == nil }

    /// Seconds to add to UTC to get local time.
    ///
    /// Cost: a binary search over the changes.
    public func offsetSeconds(atUTC seconds: Int64) -> Int { state(at: seconds).offset }

    /// The meaning of a local time.
    ///
    /// Cost: a few look-ups of offsets.
    public func meaning(ofLocal seconds: Int64) -> LocalMeaning {
        // Two changes are never closer than their offsets differ, but some come near: all within reach are checked.
        let reach: Int64 = 26 * 3600
        var offsets = [offsetSeconds(atUTC: seconds - reach)]
        for change in changesBetween(seconds - reach, seconds + reach) {
            offsets.append(offsetSeconds(atUTC: change))
        }
        var moments: [Int64] = []
        for offset in offsets {
            let moment = seconds - Int64(offset)
            if offsetSeconds(atUTC: moment) == offset, !moments.contains(moment) { moments.append(moment) }
        }
        if let first = moments.min(), let last = moments.max() {
            return first == last
                ? .once(offset: seconds - first) : .twice(earlier: seconds - first, later: seconds - last)
        }
        // The skipped time is at the change before which the clock shows less and after which it shows more.
        for change in changesBetween(seconds - reach, seconds + reach) {
            let before = Int64(offsetSeconds(atUTC: change - 1))
            let after = Int64(offsetSeconds(atUTC: change))
            if change + before <= seconds, seconds < change + after {
                return .never(before: before, after: after)
            }
        }
        return .once(offset: Int64(offsets[0]))
    }

    /// The offsets between two moments, such as `+01:00, in summer +02:00`.
    public func offsetsText(from first: Int64, to last: Int64) -> String {
        var seen: [(offset: Int, isSummer: Bool)] = [state(at: first)]
        // A year before and after, so that both offsets of a zone with summer time are included.
        let year: Int64 = 366 * 86_400
        for change in changesBetween(first - year, last + year).prefix(10_000) {
            let state = state(at: change)
            if !seen.contains(where: { $0 == state }) { seen.append(state) }
        }
        // For some zones the database marks the lower offset: Dublin's winter time, Casablanca's Ramadan.
        let highest = seen.filter { !$0.isSummer }.map(\.offset).max() ?? .min
        let isMarked = seen.contains { $0.isSummer && $0.offset > highest }
        let summer = seen.filter { $0.isSummer && isMarked }.map { FixedZone.text(ofOffset: $0.offset) }
        let standard = seen.filter { !($0.isSummer && isMarked) }.map { FixedZone.text(ofOffset: $0.offset) }
        let parts = standard + (summer.isEmpty ? [] : ["in summer " + summer.joined(separator: ", ")])
        return parts.joined(separator: ", ")
    }

    private func state(at seconds: Int64) -> (offset: Int, isSummer: Bool) {
        if let last = changes.last, seconds >= last, let rule { return rule.state(at: seconds) }
        if changes.isEmpty, let rule { return rule.state(at: seconds) }
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return (offsets[low], isSummer[low])
    }

    /// The changes after one moment and up to another, including those of the rule.
    private func changesBetween(_ first: Int64, _ last: Int64) -> [Int64] {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= first { low = middle + 1 } else { high = middle }
        }
        var found: [Int64] = []
        while low < changes.count, changes[low] <= last {
            found.append(changes[low])
            low += 1
        }
        guard let rule, last > changes.last ?? .min else { return found }
        let start = max(first, changes.last ?? .min)
        return found + rule.changes(after: start, upTo: last)
    }
}

/// Reads the parts of a TZif file.
private struct ZoneReader {
    struct Header {
        var version: Int
        var utCount: Int
        var standardCount: Int
        var leapCount: Int
        var timeCount: Int
        var typeCount: Int
        var nameBytes: Int

        /// The bytes of the data after the types, in the second block.
        var sizeAfterTypes: Int { nameBytes + leapCount * 12 + standardCount + utCount }

        /// The bytes of all data.
        func size(timeBytes: Int) -> Int {
            timeCount * (timeBytes + 1) + typeCount * 6 + nameBytes + leapCount * (timeBytes + 4)
                + standardCount + utCount
        }
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func header() throws(ZoneTable.Damaged) -> Header {
        guard bytes.count - position >= 44, bytes[position..<position + 4].elementsEqual("TZif".utf8) else {
            throw ZoneTable.Damaged(description: "is no file of the time zone database")
        }
        let version = Int(bytes[position + 4])
        position += 20
        var counts: [Int] = []
        for _ in 0..<6 {
            let count = Int(try integer32())
            guard count <= ZoneTable.maximumBytes else { throw ZoneTable.Damaged(description: "is damaged") }
            counts.append(count)
        }
        return Header(
            version: version < 0x32 ? 1 : version - 0x30, utCount: counts[0], standardCount: counts[1],
            leapCount: counts[2], timeCount: counts[3], typeCount: counts[4], nameBytes: counts[5])
    }

    mutating func skip(_ count: Int) throws(ZoneTable.Damaged) {
        guard count <= bytes.count - position else { throw ZoneTable.Damaged(description: "ends too early") }
        position += count
    }

    mutating func byte() throws(ZoneTable.Damaged) -> UInt8 {
        try skip(1)
        return bytes[position - 1]
    }

    mutating func integer32() throws(ZoneTable.Damaged) -> UInt32 {
        try skip(4)
        return bytes[position - 4..<position].reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func integer64() throws(ZoneTable.Damaged) -> Int64 {
        try skip(8)
        return Int64(bitPattern: bytes[position - 8..<position].reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// The text between the line feeds at the end.
    mutating func footer() throws(ZoneTable.Damaged) -> [UInt8] {
        guard try byte() == 0x0A, let end = bytes[position...].firstIndex(of: 0x0A) else {
            throw ZoneTable.Damaged(description: "ends too early")
        }
        return Array(bytes[position..<end])
    }
}
