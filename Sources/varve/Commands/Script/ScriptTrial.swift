// ScriptTrial.swift — one script in a runner of its own, for a command.

import ArgumentParser
import VarveFile
import VarvePlatform
import VarveScript

/// A script that is tried.
struct ScriptTrial {
    private let pool: ScriptPool
    private let script: ParsingScript

    /// Prepares to run a script, which begins with the first call.
    ///
    /// - Throws: `LaunchFailure` if the runner is not installed.
    init(product: String, text: String) throws {
        pool = ScriptPool(try RunnerPath.find(), processes: 1)
        script = ParsingScript(product: product, text: text)
    }

    var text: String { script.text }

    /// Loads the script.
    ///
    /// - Throws: `ScriptFailure` if it cannot be used.
    func check() throws {
        if let failure = try pool.check(script) { throw failure }
    }

    /// The JSON of a payload.
    ///
    /// - Throws: `ScriptFailure` if the script gives none.
    func decode(_ payload: [UInt8]) throws -> [UInt8] { try call(.decode, payload) }

    /// The bytes of an answer.
    ///
    /// - Throws: `ScriptFailure` if the script gives none.
    func encode(_ reply: String) throws -> [UInt8] { try call(.encode, Array(reply.utf8)) }

    private func call(_ function: ScriptFunction, _ payload: [UInt8]) throws -> [UInt8] {
        guard let result = try pool.call(function, of: script, [payload]).first else { return [] }
        return try result.get()
    }

    /// The text of a script's file.
    ///
    /// - Throws: `FileError` if it cannot be read or is larger than a script may be; `ScriptFailure` if it is not UTF-8.
    static func text(ofFile path: String) throws -> String {
        let bytes = try POSIXFileSystem().readAll(path, limit: ScriptLimits().scriptBytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ScriptFailure(.syntax, "\(path) is not UTF-8")
        }
        return text
    }

    /// The bytes that a word of the command line names: hex digits, or else a file.
    ///
    /// - Throws: `FileError` if the file cannot be read.
    static func payload(_ word: String) throws -> [UInt8] {
        if let bytes = Hex.bytes(word) { return bytes }
        let files = POSIXFileSystem()
        if let fault = Hex.fault(word), try files.kind(word) == nil {
            throw ValidationError("--payload: not hex: \(printable(word)) \(fault)")
        }
        return try files.readAll(word)
    }
}

/// Bytes as hex digits.
enum Hex {
    /// The bytes of pairs of hex digits, which may begin with `0x`; nil for any other text.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(
            (text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text[...]).utf8)
        guard !digits.isEmpty, digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// What is wrong with a text that was probably meant as hex digits, as the end of a sentence; nil for any other text.
    static func fault(_ text: String) -> String? {
        let marks: Set<Character> = [" ", ":", "-", ","]
        let hasPrefix = text.hasPrefix("0x") || text.hasPrefix("0X")
        let rest = hasPrefix ? text.dropFirst(2) : text[...]
        let digits = rest.filter(\.isHexDigit)
        if let other = rest.first(where: { !$0.isHexDigit && !marks.contains($0) }) {
            return hasPrefix ? "has the character \(printable(String(other)))" : nil
        }
        if digits.isEmpty { return hasPrefix ? "has no digits" : nil }
        if digits.count < rest.count {
            return "has other characters between the digits: write the digits without a gap"
        }
        return digits.count.isMultiple(of: 2) ? nil : "has \(digits.count) digits: two make a byte"
    }

    /// The bytes as `0x` and pairs of hex digits.
    static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return bytes.reduce(into: "0x") { text, byte in
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0x0F)])
        }
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit & 0x0F
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): (digit & 0x0F) + 9
        default: nil
        }
    }
}
