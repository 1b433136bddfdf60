// ControlError.swift — why a request was not carried out: one line, and a kind for callers that must
// distinguish.
//
// Invariants:
// - The raw values of the kinds are part of the protocol.

import VarveCodec
public import VarveModel

/// Thrown when a request to the service fails.
public struct ControlError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller may want to distinguish.
    public enum Kind: UInt8, Sendable {
        /// The batch itself cannot be stored. The same rows would fail again.
        case batchRefused = 1
        /// Another import holds the service.
        case importRunning = 2
        /// The service accepts no writes, because it is stopping.
        case notWritable = 3
        /// The service has no room for one more connection or compaction now.
        case busy = 4
        /// Something failed in the service; `reason` says what.
        case failed = 5
        /// The two ends speak different versions of the protocol.
        case wrongVersion = 6
        /// What arrived is not a valid request or answer.
        case notUnderstood = 7
        /// The caller is neither the service's user nor root, or may only read.
        case notAllowed = 8
        /// The other end went away, or was silent for too long. This kind is never sent.
        case lost = 9
    }

    /// What a program can distinguish.
    public var kind: Kind
    /// What failed, where, and what to do, in one line.
    public var reason: String

    /// Makes an error with a reason of one line, cut above 4096 bytes; line breaks become spaces.
    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = ControlLimits.line(reason)
    }

    /// Translates any error into the one that is sent to the other end.
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

    /// The reason, without the kind.
    public var description: String { reason }
}

extension ControlError: BatchRefusal {
    /// Whether the rows themselves cannot be stored.
    public var refusesBatch: Bool { kind == .batchRefused }
}
