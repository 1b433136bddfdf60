// SampleDigest.swift — a fingerprint of a set of samples that does not depend on their order.
//
// The digest is the sum, modulo 2^128, of a hash of each sample: the order plays no part, two halves can be added,
// and a sample that is there twice counts twice. What is hashed (XXH3 128-bit, seed 0):
//
//     time: Int64, value: 8 bytes, state: 8 bytes, then the UTF-8 bytes of a text
//
// all little-endian. The lower 34 bits of the state are those of `SampleState`; the kind of the value stands from bit
// 40 on. A double that is an integer is hashed as that integer: a file tells no difference between 5 and 5.0, so two
// stores that read it differently agree.
//
// Invariants:
// - Persistent in the sense that people keep digests: what is hashed must not change.
// - Equal digests mean equal samples unless somebody searched for a collision: it is no signature.

import VarveCodec
public import VarveModel

/// An order-independent fingerprint of samples.
public struct SampleDigest: Hashable, Sendable, CustomStringConvertible {
    /// The number of samples.
    public private(set) var samples: UInt64 = 0
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// What a value is to the digest.
    private enum Kind: UInt64 {
        case missing = 0
        case integer = 1
        case double = 2
        case bool = 3
        case string = 4
        case json = 5
    }

    private static let kindShift: UInt64 = 40

    /// The digest of no sample.
    public init() {}

    /// 32 hex digits.
    public var description: String { Hash128(low: low, high: high).description }

    /// Adds the samples of another digest.
    public mutating func add(_ other: SampleDigest) {
        samples += other.samples
        add(Hash128(low: other.low, high: other.high))
    }

    /// Adds all samples of a series, of which this is the digest, to that of a store.
    ///
    /// The names take part, so that samples of two series that changed places are noticed.
    public mutating func add(_ digest: SampleDigest, of key: SeriesKey) {
        var bytes = ByteWriter(capacity: 128)
        for name in [key.product, key.device, key.point] { bytes.append(text: name) }
        for word in [digest.samples, digest.low, digest.high] { bytes.append(word) }
        samples += digest.samples
        add(bytes.bytes.withUnsafeBytes { Hasher128.hash($0) })
    }

    /// Adds sample `index` of some columns.
    mutating func add(_ columns: SampleColumns, _ index: Int, type: ValueType) {
        let state = columns.states[index]
        let isMissing = SampleState(bits: state)?.isMissing ?? false
        var kind = isMissing ? Kind.missing : .integer
        var bits: UInt64 = 0
        var text: ArraySlice<UInt8> = []
        switch columns.values {
        case .bits(let values) where !isMissing:
            (kind, bits) = Self.number(values[index], type)
        case .text(let texts) where !isMissing:
            kind = type == .json ? .json : .string
            text = texts.bytes[texts.range(index)]
            bits = UInt64(text.count)
        default: break
        }
        samples += 1
        let words = (
            UInt64(bitPattern: columns.times[index]).littleEndian, bits.littleEndian,
            (state | kind.rawValue << Self.kindShift).littleEndian
        )
        if text.isEmpty {
            add(withUnsafeBytes(of: words) { Hasher128.hash($0) })
        } else {
            var hasher = Hasher128()
            withUnsafeBytes(of: words) { hasher.update($0) }
            text.withUnsafeBytes { hasher.update($0) }
            add(hasher.finish())
        }
    }

    /// The kind and the bits of a number: integers are the same whatever their type.
    private static func number(_ bits: UInt64, _ type: ValueType) -> (Kind, UInt64) {
        guard type == .double else { return (type == .bool ? .bool : .integer, bits) }
        let number = Double(bitPattern: bits)
        // −0 is not the integer 0, and is kept apart.
        guard let integer = Int64(exactly: number), bits != (-0.0).bitPattern else { return (.double, bits) }
        return (.integer, UInt64(bitPattern: integer))
    }

    private mutating func add(_ hash: Hash128) {
        let (sum, isOver) = low.addingReportingOverflow(hash.low)
        low = sum
        high = high &+ hash.high &+ (isOver ? 1 : 0)
    }
}
