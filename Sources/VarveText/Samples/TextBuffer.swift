// TextBuffer.swift — collects the text of rows in memory until a piece is large enough to be passed on.
//
// Invariants:
// - Every `write` follows a `reserve` for at least as many bytes; `write` itself does not check.
// - Memory is two pieces; only a single longer text needs more.

/// Collects text.
public struct TextBuffer: ~Copyable {
    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private let usualCapacity: Int
    private let pieceBytes: Int
    /// The number of bytes collected.
    public private(set) var count = 0

    /// Makes an empty buffer.
    ///
    /// - Parameter pieceBytes: The bytes of a piece.
    public init(pieceBytes: Int) {
        self.pieceBytes = pieceBytes
        usualCapacity = 2 * pieceBytes
        capacity = usualCapacity
        memory = .allocate(capacity: usualCapacity)
    }

    deinit {
        memory.deallocate()
    }

    /// Whether a whole piece is collected.
    public var isFull: Bool { count >= pieceBytes }

    /// Calls `body` with the collected bytes; the pointer is valid only during the call.
    ///
    /// - Throws: What `body` throws.
    public borrowing func withBytes<Result, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: memory, count: count))
    }

    /// Drops the collected bytes and keeps the memory.
    public mutating func removeAll() {
        count = 0
        if capacity > usualCapacity { allocate(usualCapacity) }
    }

    /// Adds bytes; reserves the room itself.
    public mutating func append(_ bytes: [UInt8]) {
        reserve(bytes.count)
        write(bytes)
    }

    /// Adds a text as UTF-8; reserves the room itself.
    public mutating func append(_ text: String) {
        var copy = text
        copy.withUTF8 {
            reserve($0.count)
            write($0)
        }
    }

    /// Makes room for `bytes` more bytes.
    @inline(__always)
    mutating func reserve(_ bytes: Int) {
        if count &+ bytes > capacity { allocate(max(count + bytes, 2 * capacity)) }
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

    @inline(never)
    private mutating func allocate(_ bytes: Int) {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes)
        larger.update(from: memory, count: count)
        memory.deallocate()
        memory = larger
        capacity = bytes
    }
}
