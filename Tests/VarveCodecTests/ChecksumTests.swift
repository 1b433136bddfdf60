// ChecksumTests.swift — the hash is XXH3, in pieces and as kept on disk.

import Testing

@testable import VarveCodec

@Suite("Checksum") struct ChecksumTests {
    @Test("the hashes are XXH3 with seed 0")
    func knownValues() {
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(Checksum.of(empty) == 0x2D06_8005_38D3_94C2)
        #expect(Hasher128.hash(empty).description == "99aa06d3014798d86001c324468d497f")
    }

    @Test("pieces give the hash of the whole")
    func streaming() {
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        for size in [1, 7, 256, 4999, 5000] {
            var hasher = Hasher128()
            for start in stride(from: 0, to: bytes.count, by: size) {
                bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { hasher.update($0) }
            }
            #expect(hasher.finish() == bytes.withUnsafeBytes { Hasher128.hash($0) }, "pieces of \(size)")
        }
    }

    @Test("a hash is kept as its low half, then its high half")
    func layout() throws {
        let hash = Hash128(low: 0x0102, high: 0x0A)
        var writer = ByteWriter()
        hash.write(to: &writer)
        #expect(writer.bytes == [2, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0])
        let read = try writer.bytes.withUnsafeBytes { source in
            var reader = ByteReader(source)
            return try Hash128(from: &reader)
        }
        #expect(read == hash)
        #expect(hash.description == "000000000000000a0000000000000102")
    }
}
