// ControlError.swift — why a request was not carried out, in one line, with its kind where a caller must tell.
//
// Invariants:
// - The raw values of the kinds are part of the protocol.

import VarveCodec
public import VarveModel

/// A request to the service failed.
public struct ControlError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a caller may want to tell apart.
    public enum Kind: UInt8, Sendable {
        /// The batch itself cannot be stored; the same rows would fail again.
        case batchRefused = 1
        /// Another import holds the service.
        case importRunning = 2
        /// The service takes no writes: it is stopping.
        case notWritable = 3
        /// The service has no room for one more of these now.
        case busy = 4
        /// Something failed in the service.
        case failed = 5
        /// The two ends speak different versions of the protocol.
        case wrongVersion = 6
        /// What arrived is no request or no answer.
        case notUnderstood = 7
        /// The caller is neither the service's user nor root, or may only read.
        case notAllowed = 8
        /// The other end went away, or was silent for too long; never sent.
        case lost = 9
    }

    /// The kind.
    public var kind: Kind
    /// One line: what, where and what to do.
    public var reason: String

    /// Makes an error; line breaks in the reason become spaces, and a very long reason is cut.
    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        let line = reason.split(whereSeparator: \.isNewline).joined(separator: " ")
        guard line.utf8.count > ControlLimits.lineBytes else {
            self.reason = line
            return
        }
        self.reason = String(decoding: line.utf8.prefix(ControlLimits.lineBytes - 8), as: UTF8.self) + "…"
    }

    /// What another error looks like from outside the service.
    init(describing error: any Error) {
        if let error = error as? ControlError {
            self = error
        } else if let refusal = error as? any BatchRefusal, refusal.refusesBatch {
            self.init(.batchRefused, "\(error)")
        } else if let damage = error as? CodecError {
            self.init(.notUnderstood, "\(damage)")
        } else {
            self.init(.failed, "\(error)")
        }
    }

    /// The reason.
    public var description: String { reason }
}

extension ControlError: BatchRefusal {
    /// Whether the rows themselves cannot be stored.
    public var refusesBatch: Bool { kind == .batchRefused }
}
