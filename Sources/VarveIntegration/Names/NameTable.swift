// NameTable.swift — numbers for names that are given as bytes, without making a String to look one up.
//
// Open addressing over a flat arena of name bytes.
//
// Invariants:
// - Names get the numbers 0, 1, 2 … in the order in which they were added; equal bytes have one number.
// - Used by one thread.

/// A set of names.
struct NameTable: ~Copyable {
    private var bytes: [UInt8] = []
    /// The end of each name in `bytes`.
    private var ends: [Int] = []
    private var hashes: [UInt64] = []
    /// Number + 1 of the name in each place, 0 where there is none; the count is a power of two.
    private var places: [Int32] = Array(repeating: 0, count: 64)

    var count: Int { ends.count }

    /// Bytes that the names take.
    var byteCount: Int { bytes.count }

    /// The number of a name, or nil.
    func find(_ name: UnsafeRawBufferPointer) -> Int? {
        let hash = Self.hash(name)
        let mask = places.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while places[place] != 0 {
            let number = Int(places[place]) - 1
            if hashes[number] == hash, isEqual(number, name) { return number }
            place = (place + 1) & mask
        }
        return nil
    }

    /// Adds a name that is not there and returns its number.
    mutating func add(_ name: UnsafeRawBufferPointer) -> Int {
        if (count + 1) * 2 > places.count { grow() }
        bytes.append(contentsOf: name)
        ends.append(bytes.count)
        hashes.append(Self.hash(name))
        enter(count - 1)
        return count - 1
    }

    private func isEqual(_ number: Int, _ name: UnsafeRawBufferPointer) -> Bool {
        let start = number == 0 ? 0 : ends[number - 1]
        guard ends[number] - start == name.count else { return false }
        return bytes.withUnsafeBytes { all in
            for index in 0..<name.count where all[start + index] != name[index] { return false }
            return true
        }
    }

    private mutating func grow() {
        places = Array(repeating: 0, count: places.count * 2)
        for number in 0..<count { enter(number) }
    }

    private mutating func enter(_ number: Int) {
        let mask = places.count - 1
        var place = Int(truncatingIfNeeded: hashes[number]) & mask
        while places[place] != 0 { place = (place + 1) & mask }
        places[place] = Int32(number + 1)
    }

    private static func hash(_ name: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: name.count) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index + 8 <= name.count {
            hash = mix(hash ^ name.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var rest: UInt64 = 0
        while index < name.count {
            rest = rest << 8 | UInt64(name[index])
            index += 1
        }
        return mix(hash ^ rest)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        // The finisher of MurmurHash3: every input bit reaches every output bit.
        var mixed = value
        mixed = (mixed ^ mixed >> 33) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ mixed >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ mixed >> 33
    }
}
