// ScriptReply.swift — what a runner answers.
//
//     1 ready     version (u16), why it must not be used (text; empty if it can be)
//     2 loaded    0, or 1 and a failure
//     3 results   number (varint), each: 0 and bytes, or 1 and a failure
//     4 stopped   a failure; the runner ends
//     failure     category (u8), line (varint, 0 if it is not known), message (text)
//
// The results of a call come in the order of its payloads, in one frame or several. `stopped` concerns the script that
// is being loaded, or the first payload without a result.

import VarveCodec

/// A reply of a runner.
public enum ScriptReply: Sendable {
    /// It runs and is confined, or says why not.
    case ready(version: UInt16, obstacle: String)
    /// The script is loaded, or why not.
    case loaded(ScriptFailure?)
    /// The next results of a call.
    case results([Result<[UInt8], ScriptFailure>])
    /// The script exceeded a limit, and the runner ends.
    case stopped(ScriptFailure)

    private enum Kind {
        static let ready: UInt8 = 1
        static let loaded: UInt8 = 2
        static let results: UInt8 = 3
        static let stopped: UInt8 = 4
    }

    /// Writes the reply as a frame.
    func append(to writer: inout ByteWriter) {
        switch self {
        case .ready(let version, let obstacle):
            writer.appendFrame(Kind.ready) { writer in
                writer.append(version)
                writer.append(text: obstacle)
            }
        case .loaded(let failure):
            writer.appendFrame(Kind.loaded) { writer in
                guard let failure else { return writer.append(UInt8(0)) }
                writer.append(UInt8(1))
                Self.append(failure, to: &writer)
            }
        case .results(let results):
            writer.appendFrame(Kind.results) { writer in
                writer.appendVarint(UInt64(results.count))
                for result in results { Self.append(result, to: &writer) }
            }
        case .stopped(let failure):
            writer.appendFrame(Kind.stopped) { Self.append(failure, to: &$0) }
        }
    }

    private static func append(_ result: Result<[UInt8], ScriptFailure>, to writer: inout ByteWriter) {
        switch result {
        case .success(let bytes):
            writer.append(UInt8(0))
            writer.append(counted: bytes)
        case .failure(let failure):
            writer.append(UInt8(1))
            append(failure, to: &writer)
        }
    }

    private static func append(_ failure: ScriptFailure, to writer: inout ByteWriter) {
        writer.append(failure.category.rawValue)
        writer.appendVarint(UInt64(clamping: failure.line ?? 0))
        writer.append(text: failure.message)
    }

    /// Reads a reply.
    ///
    /// - Throws: `CodecError` if the bytes are not a reply.
    init(_ kind: UInt8, _ reader: inout ByteReader) throws(CodecError) {
        switch kind {
        case Kind.ready:
            let version = try reader.integer(as: UInt16.self)
            self = .ready(version: version, obstacle: try reader.text(limit: WireLimits.messageBytes))
        case Kind.loaded: self = .loaded(try Self.hasFailed(&reader) ? Self.failure(&reader) : nil)
        case Kind.results:
            let count = try reader.varint(limit: WireLimits.payloads, "a number of results")
            var results: [Result<[UInt8], ScriptFailure>] = []
            results.reserveCapacity(count)
            for _ in 0..<count {
                results.append(
                    try Self.hasFailed(&reader)
                        ? .failure(Self.failure(&reader)) : .success(reader.countedBytes()))
            }
            self = .results(results)
        case Kind.stopped: self = .stopped(try Self.failure(&reader))
        default: throw reader.failure("an unknown kind of reply")
        }
    }

    private static func hasFailed(_ reader: inout ByteReader) throws(CodecError) -> Bool {
        switch try reader.byte() {
        case 0: false
        case 1: true
        default: throw reader.failure("a mark that is neither 0 nor 1")
        }
    }

    private static func failure(_ reader: inout ByteReader) throws(CodecError) -> ScriptFailure {
        guard let category = ScriptFailure.Category(rawValue: try reader.byte()) else {
            throw reader.failure("an unknown category of failures")
        }
        let line = try reader.varint(limit: Int(Int32.max), "a line")
        let message = try reader.text(limit: WireLimits.messageBytes)
        return ScriptFailure(category, message, line: line == 0 ? nil : line)
    }
}
