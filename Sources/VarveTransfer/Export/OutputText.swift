// OutputText.swift — the text being exported, collected in one buffer and written when it is full.
//
// Invariants:
// - `reserve` comes before every write and says how much may follow; writes themselves do not check.
// - Memory is one buffer, larger than `size` only while a single text is.

import VarveFile

/// Collects text for a file.
struct OutputText: ~Copyable {
    private let file: any File
    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count = 0
    /// The bytes written to the file so far and waiting to be.
    private(set) var total = 0

    /// What is collected before it is written.
    static let size = 1 << 20

    init(_ file: any File) {
        self.file = file
        capacity = Self.size
        memory = .allocate(capacity: Self.size)
    }

    deinit {
        memory.deallocate()
    }

    /// Makes room for `bytes` more.
    @inline(__always)
    mutating func reserve(_ bytes: Int) throws(FileError) {
        if count &+ bytes > capacity { try makeRoom(bytes) }
    }

    /// Adds one byte.
    @inline(__always)
    mutating func write(_ byte: UInt8) {
        memory[count] = byte
        count &+= 1
    }

    /// Adds bytes.
    @inline(__always)
    mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let base = bytes.baseAddress else { return }
        (memory + count).update(from: base, count: bytes.count)
        count &+= bytes.count
    }

    /// Adds bytes.
    @inline(__always)
    mutating func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { write($0) }
    }

    /// Adds two decimal digits.
    @inline(__always)
    mutating func writePair(_ value: Int) {
        memory[count] = UInt8(truncatingIfNeeded: 0x30 &+ value / 10)
        memory[count &+ 1] = UInt8(truncatingIfNeeded: 0x30 &+ value % 10)
        count &+= 2
    }

    /// Adds a number of exactly `width` digits.
    @inline(__always)
    mutating func writeDigits(_ value: UInt64, width: Int) {
        var rest = value
        var index = width
        while index > 0 {
            index &-= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            memory[count &+ index] = UInt8(truncatingIfNeeded: 0x30 &+ digit)
            rest = quotient
        }
        count &+= width
    }

    /// Writes what is collected to the file.
    mutating func flush() throws(FileError) {
        try file.append(UnsafeRawBufferPointer(start: memory, count: count))
        total += count
        count = 0
    }

    private mutating func makeRoom(_ bytes: Int) throws(FileError) {
        try flush()
        guard bytes > capacity else { return }
        memory.deallocate()
        memory = .allocate(capacity: bytes)
        capacity = bytes
    }
}
