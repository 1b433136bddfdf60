// ScriptFixture.swift — a pool with the built runner, and scripts for it.

import Testing
import VarvePlatform
import VarveTestSupport

@testable import VarveScript

/// A pool for one test.
struct ScriptFixture {
    let pool: ScriptPool

    init(processes: Int = 4, limits: ScriptLimits = ScriptLimits()) {
        pool = ScriptPool(Installation.built("VarveScriptRunner"), processes: processes, limits: limits)
    }

    /// What decoding gives for each payload: the JSON, or the name of the failure's category.
    func decode(_ script: String, _ payloads: [[UInt8]], product: String = "p") throws -> [String] {
        try results(.decode, script, payloads, product: product).map(Self.text)
    }

    func decode(_ script: String, _ payload: [UInt8] = [1]) throws -> String {
        try decode(script, [payload]).joined()
    }

    /// The failure of decoding one payload.
    func failure(_ script: String, _ payload: [UInt8] = [1]) throws -> ScriptFailure {
        let results = try results(.decode, script, [payload])
        guard case .failure(let failure)? = results.first else {
            throw NoFailure(found: results.map(Self.text))
        }
        return failure
    }

    func encode(_ script: String, _ json: String) throws -> Result<[UInt8], ScriptFailure> {
        try #require(results(.encode, script, [Array(json.utf8)]).first)
    }

    func results(
        _ function: ScriptFunction, _ script: String, _ payloads: [[UInt8]], product: String = "p"
    ) throws -> [Result<[UInt8], ScriptFailure>] {
        try pool.call(function, of: ParsingScript(product: product, text: script), payloads)
    }

    struct NoFailure: Error {
        var found: [String]
    }

    private static func text(_ result: Result<[UInt8], ScriptFailure>) -> String {
        switch result {
        case .success(let bytes): String(decoding: bytes, as: UTF8.self)
        case .failure(let failure): failure.category.name
        }
    }

    /// A script whose function to decode has this body; `bytes` is the payload.
    static func decoder(_ body: String) -> String { "function rawDataToJsonStr(bytes) { \(body) }" }

    /// A script whose function to encode has this body; `text` is the JSON.
    static func encoder(_ body: String) -> String {
        decoder("return '{}'") + " function jsonStrToRawData(text) { \(body) }"
    }

    /// Bytes from hex digits.
    static func bytes(_ hex: String) -> [UInt8] {
        var digits = hex[...]
        var bytes: [UInt8] = []
        while let byte = UInt8(digits.prefix(2), radix: 16) {
            bytes.append(byte)
            digits = digits.dropFirst(2)
        }
        return bytes
    }
}
