// ClientID.swift — what EnOS clients put into the MQTT client id.
//
// `{clientId}{ip=…,compress=GZIP}|securemode=4,signmethod=sha256,timestamp=1548753362502|`: everything before the
// first bar is signed, whatever it contains; between the bars stand the parameters of the signature.

/// A client id, taken apart.
package struct ClientID: Hashable, Sendable {
    /// What a signature covers: everything before the first `|`.
    package let signed: String
    /// How the client says it logs in: 2 and 4 are signatures of known secrets.
    package let secureMode: String?
    /// The digest, as the client named it.
    package let signMethod: String?
    /// An opaque text; some clients send a decimal number.
    package let timestamp: String?
    /// How payloads are compressed, in capitals (`GZIP`), if the part in braces says so.
    package let compression: String?

    /// Takes any text apart; one without a bar is all `signed`.
    package init(_ text: String) {
        let parts = text.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
        signed = parts.first.map(String.init) ?? ""
        let parameters = Self.pairs(in: parts.count > 1 ? parts[1] : "")
        secureMode = parameters["securemode"]
        signMethod = parameters["signmethod"]
        timestamp = parameters["timestamp"]
        compression = Self.announcedCompression(in: signed)
    }

    /// Whether the client means to log in by signature.
    package var hasSignature: Bool { secureMode != nil || signMethod != nil }

    private static func announcedCompression(in signed: String) -> String? {
        guard signed.hasSuffix("}"), let brace = signed.lastIndex(of: "{") else { return nil }
        let inside = signed[signed.index(after: brace)...].dropLast()
        return pairs(in: inside)["compress"]?.uppercased()
    }

    /// `a=1, b=2`, trimmed of spaces; of a name that comes twice the first counts.
    private static func pairs(in text: Substring) -> [String: String] {
        var pairs: [String: String] = [:]
        for pair in text.split(separator: ",") {
            guard let equals = pair.firstIndex(of: "=") else { continue }
            let name = trimmed(pair[..<equals]).lowercased()
            if pairs[name] == nil { pairs[name] = trimmed(pair[pair.index(after: equals)...]) }
        }
        return pairs
    }

    private static func trimmed(_ text: Substring) -> String {
        guard let first = text.firstIndex(where: { $0 != " " }),
            let last = text.lastIndex(where: { $0 != " " })
        else { return "" }
        return String(text[first...last])
    }
}
