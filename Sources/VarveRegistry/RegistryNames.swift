// RegistryNames.swift — which texts the registry takes as names and settings.
//
// Invariants:
// - A name that passed is not empty, fits in a `SeriesKey` and prints on one line.
// - A product key has no `/`, so `productKey/deviceKey` splits at its first slash in one way only.

import VarveModel
import VarveText

/// The rules for names, and how names stand in messages.
enum RegistryNames {
    /// Most points one model may have.
    static let maximumPoints = 65_536

    /// How many characters the name of a channel has.
    static let channelNameLengths = 4...32

    /// Most characters of a channel's description.
    static let maximumDescription = 100

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

    /// Checks the key of a new product: it stands in MQTT topics and user names.
    static func checkNewProductKey(_ key: String) throws {
        try checkProductKey(key)
        if let reason = channelObstacle(productKey: key) { throw RegistryError(.invalid, reason) }
    }

    /// Why a product of that key cannot have a channel; nil if it can.
    static func channelObstacle(productKey key: String) -> String? {
        topicObstacle(key, "product key")
            ?? obstacle(
                key, "product key", "&|", "which has a meaning of its own in MQTT user names and client ids")
    }

    private static func topicObstacle(_ key: String, _ what: String) -> String? {
        obstacle(key, what, "+#", "a wildcard of MQTT topics")
    }

    private static func obstacle(_ key: String, _ what: String, _ marks: String, _ why: String) -> String? {
        guard let mark = key.unicodeScalars.first(where: marks.unicodeScalars.contains) else { return nil }
        return "\(what) \(shown(key)) has a \"\(mark)\", \(why): use another character"
    }

    /// Checks the name of a channel.
    static func checkChannel(_ name: String) throws {
        let count = name.unicodeScalars.count
        guard channelNameLengths.contains(count) else {
            throw RegistryError(
                .invalid,
                "channel name \(shown(name)) has \(count) \(count == 1 ? "character" : "characters"): use \(channelNameLengths.lowerBound) to "
                    + "\(channelNameLengths.upperBound)")
        }
        for (index, scalar) in name.unicodeScalars.enumerated() {
            guard isNameScalar(scalar, isFirst: index == 0) else {
                throw RegistryError(
                    .invalid,
                    "channel name \(shown(name)) has a \(shown(String(scalar))): use letters, digits and _ only"
                )
            }
        }
    }

    /// Letters, digits and `_`; after the first also the marks without which some scripts cannot be written.
    private static func isNameScalar(_ scalar: Unicode.Scalar, isFirst: Bool) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber:
            true
        case .nonspacingMark, .spacingMark: !isFirst
        default: scalar == "_"
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
            text.unicodeScalars.append(scalar)
            count += 1
        }
        return text.visible + "\""
    }

    private static func checkText(_ text: String, what: String) throws {
        guard text.utf8.count <= SeriesKey.maximumNameBytes else {
            throw RegistryError(
                .invalid,
                "\(what) \(shown(text)) has \(text.utf8.count) bytes: use at most \(SeriesKey.maximumNameBytes)"
            )
        }
        guard !text.unicodeScalars.contains(where: \.isForbiddenInNames) else {
            throw RegistryError(
                .invalid,
                "\(what) \(shown(text)) has a control character, line break or invisible character: leave it out"
            )
        }
    }
}
