// LZ4Decoder.swift — decompresses `.lz4` files with VarveCodec; successive frames are one stream.

import VarveCodec

/// Decompresses LZ4 frames.
final class LZ4Decoder: ByteDecoder {
    private var input: RawInput
    private let frames: LZ4FrameDecoder
    private var isInFrame = false

    init(_ input: RawInput) throws {
        self.input = input
        frames = try LZ4FrameDecoder()
    }

    var bytesRead: Int { input.bytesRead }

    func decode(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        var produced = 0
        while produced < target.count {
            let room = UnsafeMutableRawBufferPointer(rebasing: target[produced...])
            guard try input.fill() else {
                // The decoder may still hold bytes that did not fit before.
                let more = isInFrame ? try step(room) : 0
                produced += more
                if more > 0 { continue }
                if isInFrame { throw DamagedInput(path: input.path, format: "lz4", fault: .truncated) }
                break
            }
            produced += try step(room)
        }
        return produced
    }

    private func step(_ room: UnsafeMutableRawBufferPointer) throws -> Int {
        let progress: LZ4FrameDecoder.Progress
        do {
            progress = try input.consume { bytes in
                let progress = try frames.decode(input: UnsafeRawBufferPointer(bytes), output: room)
                return (progress.consumed, progress)
            }
        } catch {
            throw DamagedInput(path: input.path, format: "lz4", fault: .corrupt)
        }
        isInFrame = !progress.frameEnded
        return progress.produced
    }
}
