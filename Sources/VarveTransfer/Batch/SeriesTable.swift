// SeriesTable.swift — finds the series that a row names, without turning the names into strings.
//
// Rows of a file mostly name their series in a cycle. `find` therefore first tries the series that followed last time,
// then the series of the row before, and only then hashes the names.
//
// Invariants:
// - Names and entries neither move nor change until `removeAll`.
// - `count` grows by one with each new name.

import VarveModel
import VarveText

/// A hash table from (product, device, point), as bytes, to a small value.
struct SeriesTable<Payload>: ~Copyable {
    private struct Entry {
        var names: UnsafeMutablePointer<UInt8>
        var productCount: Int
        var deviceCount: Int
        var pointCount: Int
        var hash: UInt64
        var successor: Int
        var payload: Payload
    }

    private(set) var count = 0
    /// The bytes of all names.
    private(set) var nameBytes = 0
    private var entries: UnsafeMutablePointer<Entry>
    private var capacity = 64
    /// Entry numbers plus one, 0 for a free place; there are at least twice as many places as entries.
    private var buckets: [UInt32]
    private var arena = NameArena()
    private var previous = -1
    private let seed = UInt64.random(in: .min ... .max)
    private let empty: Payload

    init(empty: Payload) {
        self.empty = empty
        entries = .allocate(capacity: 64)
        buckets = [UInt32](repeating: 0, count: 256)
    }

    deinit {
        entries.deinitialize(count: count)
        entries.deallocate()
    }

    /// The number of the entry that a row names.
    ///
    /// A new name gets a new entry, whose number is the old `count`.
    @inline(__always)
    mutating func find(_ product: Field, _ device: Field, _ point: Field) -> Int {
        if previous >= 0 {
            let guess = entries[previous].successor
            if matches(guess, product, device, point) {
                previous = guess
                return guess
            }
        }
        return findSlowly(product, device, point)
    }

    /// The number of the entry with these names, or nil if no entry has them.
    func find(product: String, device: String, point: String) -> Int? {
        func field(_ bytes: UnsafeBufferPointer<UInt8>) -> Field? {
            bytes.baseAddress.map { Field(base: $0, count: bytes.count - 1, kind: .plain) }
        }
        // The extra byte gives even an empty name an address.
        let names = [product, device, point].map { Array($0.utf8) + [0] }
        return names[0].withUnsafeBufferPointer { first in
            names[1].withUnsafeBufferPointer { second in
                names[2].withUnsafeBufferPointer { third in
                    guard let product = field(first), let device = field(second), let point = field(third)
                    else { return nil }
                    let hash = hash(product, device, point)
                    let mask = buckets.count - 1
                    var bucket = Int(truncatingIfNeeded: hash) & mask
                    while buckets[bucket] != 0 {
                        let entry = Int(buckets[bucket]) - 1
                        if entries[entry].hash == hash, matches(entry, product, device, point) {
                            return entry
                        }
                        bucket = (bucket + 1) & mask
                    }
                    return nil
                }
            }
        }
    }

    /// Folds the values of all entries into one, in the order of their numbers.
    func reduce<Result>(_ initial: Result, _ join: (inout Result, Payload) -> Void) -> Result {
        var result = initial
        for entry in 0..<count { join(&result, entries[entry].payload) }
        return result
    }

    /// The value of an entry.
    @inline(__always)
    subscript(entry: Int) -> Payload {
        get { entries[entry].payload }
        set { entries[entry].payload = newValue }
    }

    /// The total length of an entry's three names, in bytes.
    @inline(__always)
    func nameBytes(of entry: Int) -> Int {
        entries[entry].productCount &+ entries[entry].deviceCount &+ entries[entry].pointCount
    }

    /// The name of an entry's point, as the input has it.
    func point(of entry: Int) -> Field {
        let entry = entries[entry]
        let start = entry.names + (entry.productCount + entry.deviceCount)
        return Field(base: UnsafePointer(start), count: entry.pointCount, kind: .plain)
    }

    /// The names of an entry, or nil if one is not valid UTF-8.
    func names(of entry: Int) -> (product: String, device: String, point: String)? {
        let entry = entries[entry]
        func text(_ start: Int, _ count: Int) -> String? {
            String(validating: UnsafeBufferPointer(start: entry.names + start, count: count), as: UTF8.self)
        }
        guard let product = text(0, entry.productCount),
            let device = text(entry.productCount, entry.deviceCount),
            let point = text(entry.productCount + entry.deviceCount, entry.pointCount)
        else { return nil }
        return (product, device, point)
    }

    /// Forgets all entries.
    mutating func removeAll() {
        entries.deinitialize(count: count)
        count = 0
        nameBytes = 0
        previous = -1
        arena.removeAll()
        buckets = [UInt32](repeating: 0, count: 256)
    }

    @inline(never)
    private mutating func findSlowly(_ product: Field, _ device: Field, _ point: Field) -> Int {
        if previous >= 0, matches(previous, product, device, point) { return link(previous) }
        let hash = hash(product, device, point)
        let mask = buckets.count - 1
        var bucket = Int(truncatingIfNeeded: hash) & mask
        while buckets[bucket] != 0 {
            let entry = Int(buckets[bucket]) - 1
            if entries[entry].hash == hash, matches(entry, product, device, point) { return link(entry) }
            bucket = (bucket + 1) & mask
        }
        return link(add(product, device, point, hash: hash))
    }

    private mutating func link(_ entry: Int) -> Int {
        if previous >= 0 { entries[previous].successor = entry }
        previous = entry
        return entry
    }

    @inline(__always)
    private func matches(_ number: Int, _ product: Field, _ device: Field, _ point: Field) -> Bool {
        let entry = entries + number
        guard entry.pointee.deviceCount == device.count, entry.pointee.pointCount == point.count,
            entry.pointee.productCount == product.count
        else { return false }
        let names = entry.pointee.names
        return Bytes.equal(names + product.count, device.base, device.count)
            && Bytes.equal(names + (product.count &+ device.count), point.base, point.count)
            && Bytes.equal(names, product.base, product.count)
    }

    private mutating func add(_ product: Field, _ device: Field, _ point: Field, hash: UInt64) -> Int {
        if count == capacity { growEntries() }
        let total = product.count + device.count + point.count
        let names = arena.allocate(total)
        names.update(from: product.base, count: product.count)
        (names + product.count).update(from: device.base, count: device.count)
        (names + product.count + device.count).update(from: point.base, count: point.count)
        let entry = count
        (entries + entry).initialize(
            to: Entry(
                names: names, productCount: product.count, deviceCount: device.count,
                pointCount: point.count, hash: hash, successor: entry, payload: empty))
        count += 1
        nameBytes += total
        if count * 2 > buckets.count { growBuckets() } else { place(entry) }
        return entry
    }

    private mutating func place(_ entry: Int) {
        let mask = buckets.count - 1
        var bucket = Int(truncatingIfNeeded: entries[entry].hash) & mask
        while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
        buckets[bucket] = UInt32(entry + 1)
    }

    private mutating func growBuckets() {
        buckets = [UInt32](repeating: 0, count: buckets.count * 2)
        for entry in 0..<count { place(entry) }
    }

    private mutating func growEntries() {
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        entries = larger
        capacity *= 2
    }

    private func hash(_ product: Field, _ device: Field, _ point: Field) -> UInt64 {
        // The lengths are hashed too, so that ("ab", "c") and ("a", "bc") differ.
        var hash =
            seed ^ UInt64(truncatingIfNeeded: device.count) << 32 ^ UInt64(truncatingIfNeeded: point.count)
        for field in [product, device, point] { hash = Bytes.hash(field.base, field.count, hash) }
        return hash
    }
}

/// The values that a name without a series has in place of the number of its series.
enum NoSeries {
    /// The rows of the name are rejected.
    static let rejected: Int32 = -1
    /// The name is not resolved yet.
    static let unresolved: Int32 = -2
    /// The rows of the name are passed over.
    static let passedOver: Int32 = -3
    /// The rows of the name are rejected because its product, device or point is unknown.
    static let unknown: Int32 = -4
    /// The rows of the name are skipped, because the policy does not store its point.
    static let notStored: Int32 = -5
}

/// Memory for names that never move.
private struct NameArena: ~Copyable {
    private var blocks: [UnsafeMutablePointer<UInt8>] = []
    private var used = 0
    private static let blockSize = 64 << 10

    deinit {
        for block in blocks { block.deallocate() }
    }

    /// Room for `count` bytes, at most 3 * 1024 of them.
    mutating func allocate(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        precondition(count <= Self.blockSize, "names are limited before they come here")
        if blocks.isEmpty || used + count > Self.blockSize {
            blocks.append(.allocate(capacity: Self.blockSize))
            used = 0
        }
        defer { used += count }
        return blocks[blocks.count - 1] + used
    }

    mutating func removeAll() {
        for block in blocks { block.deallocate() }
        blocks = []
        used = 0
    }
}
