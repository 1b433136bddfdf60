// ClientID.swift — the fields that EnOS clients put into the MQTT client id.
//
// `{clientId}{ip=…,compress=GZIP}|securemode=4,signmethod=sha256,timestamp=1548753362502|`: everything before
// the first bar is signed, whatever it contains. The parameters of the signature are between the bars.

/// A client id, split into its fields.
public struct ClientID: Hashable, Sendable {
    /// What a signature covers: everything before the first `|`.
    public let signed: String
    /// The way of logging in that the client names: 2 and 4 are signatures with known secrets.
    public let secureMode: String?
    /// The digest, in the client's words.
    public let signMethod: String?
    /// An opaque text, from some clients a decimal number.
    public let timestamp: String?
    /// The compression of payloads, in capitals (`GZIP`), if the part in braces names one.
    public let compression: String?

    /// Splits any text; without a bar all of it is `signed`.
    public init(_ text: String) {
        let bar = UInt8(ascii: "|")
        let parts = text.utf8.split(separator: bar, maxSplits: 2, omittingEmptySubsequences: false)
            .map { Substring($0) }
        signed = parts.first.map(String.init) ?? ""
        let parameters = Self.pairs(in: parts.count > 1 ? parts[1] : "")
        secureMode = parameters["securemode"]
        signMethod = parameters["signmethod"]
        timestamp = parameters["timestamp"]
        compression = Self.announcedCompression(in: signed)
    }

    /// Whether the client wants to log in by signature.
    public var hasSignature: Bool { secureMode != nil || signMethod != nil }

    private static func announcedCompression(in signed: String) -> String? {
        guard signed.hasSuffix("}"), let brace = signed.lastIndex(of: "{") else { return nil }
        let inside = signed[signed.index(after: brace)...].dropLast()
        return pairs(in: inside)["compress"]?.uppercased()
    }

    /// The pairs in `a=1, b=2`, without spaces around them.
    ///
    /// If a name occurs twice, the first one counts.
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
