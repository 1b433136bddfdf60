// ZstdDecoder.swift — decompresses zstd with libzstd; successive frames are one stream.

import CZstd

/// Decompresses zstd.
final class ZstdDecoder: ByteDecoder {
    private var input: RawInput
    private let stream: OpaquePointer
    private var isInFrame = false

    /// The base-2 logarithm of the largest window, 64 MiB.
    ///
    /// Frames that need more are refused: the next step, 128 MiB, would be half of an import's memory.
    private static let maximumWindowLog: Int32 = 26

    /// Makes a decoder for input that begins with a zstd frame.
    ///
    /// - Throws: `DamagedInput` if the library has no memory.
    init(_ input: RawInput) throws {
        guard let stream = ZSTD_createDCtx() else {
            throw DamagedInput(path: input.path, format: "zstd", fault: .unsupported("ran out of memory"))
        }
        self.stream = stream
        self.input = input
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, Self.maximumWindowLog)
    }

    deinit {
        ZSTD_freeDCtx(stream)
    }

    var bytesRead: Int { input.bytesRead }

    func decode(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        while output.pos < output.size {
            guard try input.fill() else {
                // The decoder may still hold bytes that did not fit into the buffer before.
                let before = output.pos
                if isInFrame { try step(&output) }
                if output.pos > before { continue }
                if isInFrame { throw DamagedInput(path: input.path, format: "zstd", fault: .truncated) }
                break
            }
            try step(&output)
        }
        return output.pos
    }

    private func step(_ output: inout ZSTD_outBuffer) throws {
        let code = input.consume { bytes -> (used: Int, result: Int) in
            var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
            let code = ZSTD_decompressStream(stream, &output, &source)
            return (source.pos, code)
        }
        if ZSTD_isError(code) != 0 {
            let isWindow = ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge
            throw DamagedInput(
                path: input.path, format: "zstd",
                fault: isWindow ? .unsupported("needs a window of more than 64 MiB") : .corrupt)
        }
        isInFrame = code != 0
    }
}
