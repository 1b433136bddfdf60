// ScriptFailure.swift — why a script gave no result for a payload.
//
// Invariants:
// - `message` is one line of bounded length without invisible characters, whatever the script threw.

import VarveText

/// A script gave no result for a payload.
public struct ScriptFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Category: UInt8, CaseIterable, Sendable {
        /// The text is not JavaScript.
        case syntax = 1
        /// The script has no function of the names that are looked for.
        case noFunction
        /// The script threw an error.
        case threw
        /// It took more time than it may.
        case timeOut
        /// It took more memory than it may.
        case memory
        /// What it returned is not JSON, or what it was to encode is not.
        case notJSON
        /// It returned something that is neither a text nor an object, or not bytes.
        case wrongResult
        /// The payload, the script or the result is larger than it may be.
        case tooLarge
        /// The process in which it ran has crashed.
        case crashed
        /// The product has no script.
        case noScript
        /// The script is not called for a while, because it took too long.
        case refused

        /// The name for logs and programs.
        public var name: String {
            switch self {
            case .syntax: "syntax"
            case .noFunction: "no-function"
            case .threw: "threw"
            case .timeOut: "time-out"
            case .memory: "memory"
            case .notJSON: "not-json"
            case .wrongResult: "wrong-result"
            case .tooLarge: "too-large"
            case .crashed: "crashed"
            case .noScript: "no-script"
            case .refused: "refused"
            }
        }
    }

    /// The most characters of a message.
    static let messageLimit = 400

    /// What went wrong.
    public let category: Category
    /// The details, such as the text of the error that was thrown.
    public let message: String
    /// The line of the script, counted from 1; nil if it is not known.
    public let line: Int?

    /// Describes a failure; the message is cut and made printable.
    public init(_ category: Category, _ message: String, line: Int? = nil) {
        self.category = category
        self.message = Excerpt.of(message, limit: Self.messageLimit)
        self.line = line
    }

    /// One line: what went wrong, where, and the details.
    public var description: String {
        let place = line.map { " at line \($0)" } ?? ""
        return switch category {
        case .syntax: "the script is not JavaScript\(place): \(message)"
        case .noFunction, .tooLarge, .noScript, .refused: message
        case .threw: "the script threw an error\(place): \(message)"
        case .timeOut: "the script took too long\(place): \(message)"
        case .memory: "the script took too much memory\(place): \(message)"
        case .notJSON, .wrongResult: "the script gave no usable result\(place): \(message)"
        case .crashed: "the script's process crashed: \(message)"
        }
    }
}
