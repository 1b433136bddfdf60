// ClientPackings.swift — how a client packs its payloads, which its client id announces.
//
// Invariants:
// - At most `limit` client ids are remembered.

import VarveAccess
import VarveCodec

/// The packings that clients have announced, by client id.
struct ClientPackings {
    private static let limit = 4096
    private var known: [String: Packing?] = [:]
    private var last: (client: String, packing: Packing?)?

    /// How a client packs; nil if it does not, or announces something that is not served.
    mutating func packing(of client: String?) -> Packing? {
        guard let client else { return nil }
        if let last, last.client == client { return last.packing }
        let packing = find(client)
        last = (client, packing)
        return packing
    }

    private mutating func find(_ client: String) -> Packing? {
        if let packing = known[client] { return packing }
        let packing: Packing? =
            switch ClientID(client).compression {
            case "GZIP": .gzip
            case "LZ4": .lz4Blocks
            default: nil
            }
        if known.count >= Self.limit { known.removeAll() }
        known[client] = .some(packing)
        return packing
    }

    /// The form of a payload of a client that packs.
    ///
    /// Nil if the payload does not begin as the form that was announced does: then it is taken as it is.
    static func form(
        of payload: UnsafeRawBufferPointer, announced: Packing
    ) -> Packing? {
        if announced.begins(payload) { return announced }
        return announced == .lz4Blocks && Packing.lz4Frame.begins(payload) ? .lz4Frame : nil
    }
}
