// GzipDecoder.swift — decompresses gzip with zlib; successive members are one stream, as for gzip(1).
//
// Invariants:
// - zlib checks the checksum and the length at the end of each member.
// - After the last member only zero bytes may follow (padding of tapes and blocks).

import CZlib

/// Decompresses gzip.
final class GzipDecoder: ByteDecoder {
    private var input: RawInput
    private var stream = z_stream()
    private var isInMember = true

    /// Makes a decoder for input with a gzip header.
    ///
    /// - Throws: `DamagedInput` if zlib has no memory.
    init(_ input: RawInput) throws {
        self.input = input
        // Window bits plus 16: zlib accepts only the gzip wrapper.
        let code = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            throw DamagedInput(path: input.path, format: "gzip", fault: .unsupported("ran out of memory"))
        }
    }

    deinit {
        inflateEnd(&stream)
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
        let room = min(target.count, Int(UInt32.max))
        let code = input.consume { bytes -> (used: Int, result: Int32) in
            stream.next_in = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.avail_in = UInt32(bytes.count)
            stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.avail_out = UInt32(room)
            let code = inflate(&stream, Z_NO_FLUSH)
            return (bytes.count - Int(stream.avail_in), code)
        }
        switch code {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isInMember = false
        default: throw DamagedInput(path: input.path, format: "gzip", fault: .corrupt)
        }
        return room - Int(stream.avail_out)
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
            inflateReset(&stream)
            isInMember = true
            return true
        }
        return false
    }
}
