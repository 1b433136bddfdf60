// PreparedPayloads.swift — what was made of the payloads of a slice before they are parsed.
//
// Ordinary messages are JSON that is parsed where it is: they have no entry here.
//
// Invariants:
// - `end` is above the slice's beginning, so each slice makes progress.

import VarveCodec

/// A payload that is packed, or has a form of its own.
struct PreparedPayload {
    /// The payload as it came, unpacked; nil if it was not packed.
    var unpacked: [UInt8]?
    /// How the answer is packed; nil to send it as it is.
    var packing: Packing?
    /// The product whose script made `made`, and has to make the bytes of the answer; nil for JSON topics.
    var script: String?
    /// The JSON that the script made.
    var made: [UInt8]?
    /// What `made` asks for; nil for JSON topics, where the topic decides.
    var form: RequestForm?
    /// Why the message is refused before it is parsed.
    var refusal: RequestFailure?

    /// Calls `body` with the payload as it came, unpacked.
    func withUnpacked<Result>(
        _ sent: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        guard let unpacked else { return try body(sent) }
        return try unpacked.withUnsafeBytes(body)
    }

    /// Calls `body` with the JSON of the request.
    func withRequest<Result>(
        _ sent: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        guard let made else { return try withUnpacked(sent, body) }
        return try made.withUnsafeBytes(body)
    }
}

/// The payloads of a slice that are not parsed as they came.
struct PreparedPayloads {
    /// By the number of the message in its group.
    var payloads: [Int: PreparedPayload] = [:]
    /// Where the part of the slice ends that is prepared.
    var end: Int
}
