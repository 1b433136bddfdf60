// GzipDecoder.swift — decompresses gzip with VarveCodec; successive members are one stream, as for gzip(1).
//
// Invariants:
// - After the last member only zero bytes may follow (padding of tapes and blocks).

import VarveCodec

/// Decompresses gzip.
final class GzipDecoder: ByteDecoder {
    private var input: RawInput
    private let gzip: GzipDecompressor
    private var isInMember = true

    /// Makes a decoder for input with a gzip header.
    ///
    /// - Throws: `DamagedInput` if zlib has no memory.
    init(_ input: RawInput) throws {
        self.input = input
        guard let gzip = GzipDecompressor() else {
            throw DamagedInput(path: input.path, format: "gzip", fault: .unsupported("ran out of memory"))
        }
        self.gzip = gzip
    }

    var bytesRead: Int { input.bytesRead }

    func decode(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        var produced = 0
        while produced < target.count {
            if !isInMember {
                guard try startsNextMember() else { break }
            }
            guard try input.fill() else {
                throw DamagedInput(path: input.path, format: "gzip", fault: .truncated)
            }
            produced += try step(UnsafeMutableRawBufferPointer(rebasing: target[produced...]))
        }
        return produced
    }

    private func step(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
        let progress = input.consume { bytes -> (used: Int, result: GzipDecompressor.Progress?) in
            let progress = gzip.decode(input: UnsafeRawBufferPointer(bytes), output: target)
            return (progress?.consumed ?? 0, progress)
        }
        guard let progress else {
            throw DamagedInput(path: input.path, format: "gzip", fault: .corrupt)
        }
        if progress.memberEnded { isInMember = false }
        return progress.produced
    }

    private func startsNextMember() throws -> Bool {
        while try input.fill() {
            let skipped = input.consume { bytes in
                let zeros = bytes.prefix { $0 == 0 }.count
                return (used: zeros, result: zeros == bytes.count)
            }
            if skipped { continue }
            let magic = try input.peek(2)
            if magic.count == 1, magic.first == 0x1F {
                throw DamagedInput(path: input.path, format: "gzip", fault: .truncated)
            }
            guard magic.elementsEqual([0x1F, 0x8B]) else {
                throw DamagedInput(path: input.path, format: "gzip", fault: .corrupt)
            }
            gzip.reset()
            isInMember = true
            return true
        }
        return false
    }
}
