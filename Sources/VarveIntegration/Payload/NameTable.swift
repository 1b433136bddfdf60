// NameTable.swift — numbers for names, found by their bytes without making strings.
//
// Messages name points in a cycle, so the name that followed last time is tried first and the hash is seldom
// needed.
//
// Invariants:
// - Names get the numbers 0, 1, 2 … in the order in which they are added, and keep them until the table goes away.
// - A name that was only looked for takes no memory.

import VarveModel
import VarveText

/// A hash table from names, as bytes, to small numbers.
struct NameTable: ~Copyable {
    private struct Entry {
        var base: UnsafeMutablePointer<UInt8>
        var count: Int
        var hash: UInt64
        var successor: Int
    }

    private var entries: [Entry] = []
    /// The names as strings, by number.
    private(set) var strings: [String] = []
    /// Entry numbers plus one, 0 for free places; there are at least twice as many places as entries.
    private var buckets = [UInt32](repeating: 0, count: 16)
    private var previous = -1
    private let seed = UInt64.random(in: .min ... .max)

    deinit {
        for entry in entries { entry.base.deallocate() }
    }

    /// The number of names.
    var count: Int { strings.count }

    /// The number of a name, or -1 if it was never added.
    @inline(__always)
    mutating func find(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        guard let base = name.baseAddress else { return -1 }
        if previous >= 0 {
            let guess = entries[previous].successor
            if matches(guess, base, name.count) {
                previous = guess
                return guess
            }
        }
        return findSlowly(base, name.count)
    }

    /// Adds a name that is not in the table yet.
    ///
    /// - Returns: The number of the name.
    mutating func add(_ name: String) -> Int {
        let bytes = Array(name.utf8)
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        copy.update(from: bytes, count: bytes.count)
        let entry = entries.count
        entries.append(
            Entry(
                base: copy, count: bytes.count, hash: Bytes.hash(copy, bytes.count, seed), successor: entry))
        strings.append(name)
        if entries.count * 2 > buckets.count { growBuckets() } else { place(entry) }
        return entry
    }

    @inline(never)
    private mutating func findSlowly(_ base: UnsafePointer<UInt8>, _ count: Int) -> Int {
        let hash = Bytes.hash(base, count, seed)
        let mask = buckets.count - 1
        var bucket = Int(truncatingIfNeeded: hash) & mask
        while buckets[bucket] != 0 {
            let entry = Int(buckets[bucket]) - 1
            if entries[entry].hash == hash, matches(entry, base, count) {
                if previous >= 0 { entries[previous].successor = entry }
                previous = entry
                return entry
            }
            bucket = (bucket + 1) & mask
        }
        return -1
    }

    @inline(__always)
    private func matches(_ number: Int, _ base: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        entries[number].count == count && Bytes.equal(entries[number].base, base, count)
    }

    private mutating func place(_ entry: Int) {
        let mask = buckets.count - 1
        var bucket = Int(truncatingIfNeeded: entries[entry].hash) & mask
        while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
        buckets[bucket] = UInt32(truncatingIfNeeded: entry + 1)
    }

    private mutating func growBuckets() {
        buckets = [UInt32](repeating: 0, count: buckets.count * 2)
        for entry in entries.indices { place(entry) }
    }
}
