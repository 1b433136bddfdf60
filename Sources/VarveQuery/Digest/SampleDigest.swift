// SampleDigest.swift — a fingerprint of a set of samples that does not depend on their order.
//
// The digest is the sum, modulo 2^128, of a hash of each sample. So the order has no effect, two halves can be added,
// and a sample that comes twice counts twice. These bytes are hashed (XXH3 128-bit, seed 0):
//
//     time: Int64, value: 8 bytes, state: 8 bytes, then the UTF-8 bytes of a text
//
// Everything is little-endian. The lower 34 bits of the state are those of `SampleState`; the kind of the value is in
// the bits from 40 on. A double that is an integer is hashed as that integer: a file may write 5 or 5.0, and two stores
// that read it with different types agree.
//
// Invariants:
// - The hashed bytes must not change, because people keep digests.
// - Equal digests mean equal samples, unless somebody searched for a collision: a digest is not a signature.

import VarveCodec
public import VarveModel

/// An order-independent fingerprint of samples.
public struct SampleDigest: Hashable, Sendable, CustomStringConvertible {
    /// The number of samples.
    public private(set) var samples: UInt64 = 0
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// The kind of a value in the digest.
    private enum Kind: UInt64 {
        case missing = 0
        case integer = 1
        case double = 2
        case bool = 3
        case string = 4
        case json = 5
    }

    private static let kindShift: UInt64 = 40

    /// The digest of no samples.
    public init() {}

    /// 32 hex digits.
    public var description: String { Hash128(low: low, high: high).description }

    /// Adds the samples of another digest.
    public mutating func add(_ other: SampleDigest) {
        samples += other.samples
        add(Hash128(low: other.low, high: other.high))
    }

    /// Adds the digest of a whole series to the digest of a store.
    ///
    /// The names are hashed too, so the digest shows if two series changed places.
    public mutating func add(_ digest: SampleDigest, of key: SeriesKey) {
        var bytes = ByteWriter(capacity: 128)
        for name in [key.product, key.device, key.point] { bytes.append(text: name) }
        for word in [digest.samples, digest.low, digest.high] { bytes.append(word) }
        samples += digest.samples
        add(bytes.bytes.withUnsafeBytes { Hasher128.hash($0) })
    }

    /// Adds samples `range` of some columns.
    mutating func add(_ columns: SampleColumns, _ range: Range<Int>, type: ValueType) {
        columns.times.withUnsafeBufferPointer { times in
            columns.states.withUnsafeBufferPointer { states in
                switch columns.values {
                case .bits(let values):
                    values.withUnsafeBufferPointer { add(times, states, numbers: $0, range, type) }
                case .text(let texts):
                    add(times, states, texts, range, type == .json ? .json : .string)
                }
            }
        }
    }

    private mutating func add(
        _ times: UnsafeBufferPointer<Int64>, _ states: UnsafeBufferPointer<UInt64>,
        numbers: UnsafeBufferPointer<UInt64>, _ range: Range<Int>, _ type: ValueType
    ) {
        for index in range {
            let state = states[index]
            let (kind, bits) =
                Self.isMissing(state) ? (Kind.missing, 0) : Self.number(numbers[index], type)
            add(Self.words(times[index], bits, state, kind)) { Hasher128.hash($0) }
        }
    }

    private mutating func add(
        _ times: UnsafeBufferPointer<Int64>, _ states: UnsafeBufferPointer<UInt64>, _ texts: TextColumn,
        _ range: Range<Int>, _ kind: Kind
    ) {
        var message: [UInt8] = []
        for index in range {
            let state = states[index]
            let isMissing = Self.isMissing(state)
            let place = isMissing ? 0..<0 : texts.range(index)
            let words = Self.words(times[index], UInt64(place.count), state, isMissing ? .missing : kind)
            add(words) { words in
                message.removeAll(keepingCapacity: true)
                message.append(contentsOf: words)
                message.append(contentsOf: texts.bytes[place])
                return message.withUnsafeBytes { Hasher128.hash($0) }
            }
        }
    }

    private typealias Words = (UInt64, UInt64, UInt64)

    private static func words(_ time: Int64, _ bits: UInt64, _ state: UInt64, _ kind: Kind) -> Words {
        (
            UInt64(bitPattern: time).littleEndian, bits.littleEndian,
            (state | kind.rawValue << kindShift).littleEndian
        )
    }

    private mutating func add(_ words: Words, _ hash: (UnsafeRawBufferPointer) -> Hash128) {
        samples += 1
        add(withUnsafeBytes(of: words, hash))
    }

    private static func isMissing(_ state: UInt64) -> Bool {
        SampleState(bits: state)?.isMissing ?? false
    }

    /// The kind and the bits of a number; an integer has the same bits as int64 and as double.
    private static func number(_ bits: UInt64, _ type: ValueType) -> (Kind, UInt64) {
        guard type == .double else { return (type == .bool ? .bool : .integer, bits) }
        let number = Double(bitPattern: bits)
        // −0 is not the integer 0, so it stays a double.
        guard let integer = Int64(exactly: number), bits != (-0.0).bitPattern else { return (.double, bits) }
        return (.integer, UInt64(bitPattern: integer))
    }

    private mutating func add(_ hash: Hash128) {
        let (sum, isOver) = low.addingReportingOverflow(hash.low)
        low = sum
        high = high &+ hash.high &+ (isOver ? 1 : 0)
    }
}
