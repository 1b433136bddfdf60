// RegistryNames.swift — which texts the registry takes as names and settings.
//
// Invariants:
// - A name that passed is not empty, fits in a `SeriesKey` and prints on one line.
// - A product key has no `/`, so `productKey/deviceKey` splits at its first slash in one way only.

import VarveModel

/// The rules for names, and how names stand in messages.
enum RegistryNames {
    /// Most points one model may have.
    static let maximumPoints = 65_536

    /// Checks a key or id that series and rows are named by.
    static func check(_ name: String, what: String) throws {
        guard !name.isEmpty else { throw RegistryError(.invalid, "the \(what) is empty: give it a name") }
        try checkText(name, what: what)
    }

    /// Checks a product key.
    static func checkProductKey(_ key: String) throws {
        try check(key, what: "product key")
        guard !key.utf8.contains(UInt8(ascii: "/")) else {
            throw RegistryError(
                .invalid,
                "product key \(shown(key)) has a \"/\", which parts product and device: leave it out")
        }
    }

    /// Checks a secret: a login needs one.
    static func checkSecret(_ secret: String) throws {
        guard !secret.isEmpty else {
            throw RegistryError(.invalid, "the secret is empty: leave it out to have one made")
        }
        try checkText(secret, what: "secret")
    }

    /// Checks an optional text such as a display name or a unit.
    static func checkOptional(_ text: String?, what: String) throws {
        if let text { try check(text, what: what) }
    }

    /// A name in quotes, cut and made printable so that a message stays one line.
    static func shown(_ name: String) -> String {
        var text = "\""
        var count = 0
        for scalar in name.unicodeScalars {
            if count == 80 {
                text += "…"
                break
            }
            text.unicodeScalars.append(isControl(scalar) ? "\u{FFFD}" : scalar)
            count += 1
        }
        return text + "\""
    }

    private static func checkText(_ text: String, what: String) throws {
        guard text.utf8.count <= SeriesKey.maximumNameBytes else {
            throw RegistryError(
                .invalid,
                "\(what) \(shown(text)) has \(text.utf8.count) bytes: use at most \(SeriesKey.maximumNameBytes)"
            )
        }
        guard !text.unicodeScalars.contains(where: isControl) else {
            throw RegistryError(
                .invalid, "\(what) \(shown(text)) has a control character or line break: leave it out")
        }
    }

    /// Controls of ASCII and Latin-1, and the two separators that some programs take for a line break.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            || (0x2028...0x2029).contains(scalar.value)
    }
}
