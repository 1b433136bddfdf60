// WireTests.swift — requests and replies come back as they were, and damaged ones are refused.

import Testing
import VarveCodec
import VarveTestSupport

@testable import VarveScript

@Suite struct WireTests {
    private static let requests: [ScriptRequest] = [
        .load(script: Array("function a() {}".utf8), limits: ScriptLimits()),
        .call(.decode, payloads: [[], [1], [UInt8](repeating: 7, count: 300)]), .call(.encode, payloads: []),
    ]

    private static let replies: [ScriptReply] = [
        .ready(version: 1, obstacle: "it cannot"), .loaded(nil),
        .loaded(ScriptFailure(.syntax, "a", line: 7)),
        .results([.success([]), .success([1, 2]), .failure(ScriptFailure(.threw, "ä"))]),
        .stopped(ScriptFailure(.memory, "m")),
    ]

    private static func frame(_ append: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        append(&writer)
        return writer.bytes
    }

    private static func read<T>(
        _ frame: [UInt8], _ body: (UInt8, inout ByteReader) throws(CodecError) -> T
    ) throws -> T {
        try frame.withUnsafeBytes { bytes in
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[5...]))
            let result = try body(bytes[4], &reader)
            try reader.finish()
            return result
        }
    }

    @Test("requests come back as they were", arguments: requests)
    func request(_ request: ScriptRequest) throws {
        let frame = Self.frame(request.append)
        #expect(frame[0] == UInt8(truncatingIfNeeded: frame.count - 4))
        #expect(
            try Self.read(frame) { kind, reader throws(CodecError) in try ScriptRequest(kind, &reader) }
                == request)
    }

    @Test("replies come back as they were")
    func reply() throws {
        for reply in Self.replies {
            let again = try Self.read(Self.frame(reply.append)) { kind, reader throws(CodecError) in
                try ScriptReply(kind, &reader)
            }
            #expect("\(again)" == "\(reply)")
        }
    }

    @Test("a frame that is cut off or changed is an error or another message, never a trap")
    func damaged() throws {
        var generator = SeededGenerator(seed: 5)
        let frames = Self.requests.map { Self.frame($0.append) } + Self.replies.map { Self.frame($0.append) }
        for frame in frames {
            for count in 5..<frame.count { Self.tryBoth(Array(frame[..<count])) }
            for _ in 0..<200 {
                var changed = frame
                changed[Int.random(in: 4..<frame.count, using: &generator)] = .random(
                    in: 0...255, using: &generator)
                Self.tryBoth(changed)
            }
        }
    }

    private static func tryBoth(_ frame: [UInt8]) {
        _ = try? read(frame) { kind, reader throws(CodecError) in try ScriptRequest(kind, &reader) }
        _ = try? read(frame) { kind, reader throws(CodecError) in try ScriptReply(kind, &reader) }
    }
}
