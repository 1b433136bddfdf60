// FuzzTarget.swift — the functions that the fuzzer calls with arbitrary bytes, by name.
//
// A target is a pure function of its input. It returns nil, or a sentence that says which promise was broken.
// A trap is a broken promise too. The same functions run under libFuzzer (Tools/fuzz) and, over the kept
// findings, in the tests.

import VarveCodec

/// A reader of bytes that may be damaged, with the promises that hold for any input.
struct FuzzTarget: Sendable {
    /// The name on the command line, and of the folder of its findings.
    let name: String
    /// Inputs that the fuzzer may start from.
    let seeds: @Sendable () -> [[UInt8]]
    /// Runs one input; nil if every promise holds, else a sentence about the broken one.
    let run: @Sendable (UnsafeRawBufferPointer) -> String?

    /// All targets.
    static let all: [FuzzTarget] =
        ColumnTargets.all + FileTargets.all + IndexTargets.all + PackingTargets.all + TextTargets.all
}

/// Takes numbers from the front of an input; zeros when it is used up.
struct FuzzInput {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    mutating func byte() -> UInt8 {
        guard let first = rest.first else { return 0 }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        return first
    }

    /// A number of values, from 0 to `limit`.
    mutating func count(upTo limit: Int) -> Int {
        (Int(byte()) | Int(byte()) << 8) % (limit + 1)
    }

    /// An integer of `size` bytes, sign extended.
    mutating func integer(size: Int) -> Int64 {
        var value: UInt64 = 0
        for place in 0..<size { value |= UInt64(byte()) << UInt64(8 * place) }
        let shift = Int64(64 - 8 * size)
        return Int64(bitPattern: value << UInt64(shift)) >> shift
    }
}

extension [UInt8] {
    /// An input for the decoding targets: a count in front of bytes.
    static func seed(count: Int, kind: UInt8? = nil, _ write: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        write(&writer)
        let head = [UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)]
        return head + (kind.map { [$0] } ?? []) + writer.bytes
    }
}
