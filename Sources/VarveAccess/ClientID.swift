// ClientID.swift — the client id of an EnOS login: what is signed, and how.
//
// `{clientId}|securemode=4,signmethod=sha256,timestamp=1548753362502|`: everything before the first `|` is signed as
// it stands, even if it holds `{ip=…,compress=GZIP}` (the Java SDK puts such information there). The timestamp is
// opaque: the Python SDK sends a fraction.
//
// Source: the public EnOS device SDKs for Java and Python.

/// How the digest of a login is made.
package enum SignMethod: String, Sendable, CaseIterable {
    case sha256
    case sha1
    case md5

    /// The method of that name; `hmac…` are other names of the same plain digests.
    init?(name: String) {
        let lower = name.lowercased()
        self.init(rawValue: lower.hasPrefix("hmac") ? String(lower.dropFirst(4)) : lower)
    }
}

/// The parts of a client id.
package struct ClientID: Hashable, Sendable {
    /// What is signed as `clientId`.
    package var signed: String
    /// The secure mode, or nil if the id has no parameters.
    package var secureMode: String?
    /// The name of the sign method, as it stands there.
    package var signMethod: String?
    /// The timestamp, as it stands there.
    package var timestamp: String?

    package init(_ text: String) {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        signed = String(parts.first ?? "")
        guard parts.count > 1 else { return }
        for parameter in parts[1].split(separator: ",") {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { continue }
            let value = Self.trimmed(pair[1])
            switch Self.trimmed(pair[0]).lowercased() {
            case "securemode": secureMode = value
            case "signmethod": signMethod = value
            case "timestamp": timestamp = value
            default: continue
            }
        }
    }

    /// The compression of payloads that the client announces, such as `GZIP`.
    package var compression: String? {
        guard let start = signed.firstIndex(of: "{"), let end = signed.lastIndex(of: "}"), start < end else {
            return nil
        }
        for entry in signed[signed.index(after: start)..<end].split(separator: ",") {
            let pair = entry.split(separator: "=", maxSplits: 1)
            if pair.count == 2, Self.trimmed(pair[0]).lowercased() == "compress" {
                return Self.trimmed(pair[1])
            }
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
