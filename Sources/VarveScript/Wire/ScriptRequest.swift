// ScriptRequest.swift — what the service asks of a runner.
//
//     1 load    milliseconds, bytes of memory, bytes of a result (varints), the script
//     2 call    function (u8), number of payloads (varint), each payload
//
// A script and a payload are preceded by their count of bytes. A runner gets one `load`, then any number of `call`.

import VarveCodec

/// A request to a runner.
public enum ScriptRequest: Equatable, Sendable {
    /// Takes this script, with limits for it.
    case load(script: [UInt8], limits: ScriptLimits)
    /// Calls a function for each payload.
    case call(ScriptFunction, payloads: [[UInt8]])

    private enum Kind {
        static let load: UInt8 = 1
        static let call: UInt8 = 2
    }

    /// Writes the request as a frame.
    func append(to writer: inout ByteWriter) {
        switch self {
        case .load(let script, let limits): Self.appendLoad(script, limits, to: &writer)
        case .call(let function, let payloads): Self.appendCall(function, payloads[...], to: &writer)
        }
    }

    static func appendLoad(
        _ script: some Collection<UInt8>, _ limits: ScriptLimits, to writer: inout ByteWriter
    ) {
        writer.appendFrame(Kind.load) { writer in
            for number in [limits.milliseconds, limits.memoryBytes, limits.resultBytes] {
                writer.appendVarint(UInt64(clamping: number))
            }
            writer.append(counted: script)
        }
    }

    static func appendCall(
        _ function: ScriptFunction, _ payloads: ArraySlice<[UInt8]>, to writer: inout ByteWriter
    ) {
        writer.appendFrame(Kind.call) { writer in
            writer.append(function.rawValue)
            writer.appendVarint(UInt64(payloads.count))
            for payload in payloads { writer.append(counted: payload) }
        }
    }

    /// Reads a request.
    ///
    /// - Throws: `CodecError` if the bytes are not a request.
    init(_ kind: UInt8, _ reader: inout ByteReader) throws(CodecError) {
        switch kind {
        case Kind.load:
            var limits = ScriptLimits()
            limits.milliseconds = try reader.varint(limit: Int(Int32.max), "a limit of time")
            limits.memoryBytes = try reader.varint(limit: Int.max, "a limit of memory")
            limits.resultBytes = try reader.varint(limit: WireLimits.frameBytes, "a limit of a result")
            self = .load(script: try reader.countedBytes(), limits: limits)
        case Kind.call:
            guard let function = ScriptFunction(rawValue: try reader.byte()) else {
                throw reader.failure("an unknown function")
            }
            let count = try reader.varint(limit: WireLimits.payloads, "a number of payloads")
            var payloads: [[UInt8]] = []
            payloads.reserveCapacity(count)
            for _ in 0..<count { payloads.append(try reader.countedBytes()) }
            self = .call(function, payloads: payloads)
        default: throw reader.failure("an unknown kind of request")
        }
    }
}
