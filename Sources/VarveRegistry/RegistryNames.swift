// RegistryNames.swift — which texts the registry accepts as names and settings.
//
// Invariants:
// - A name that passes is not empty, fits in a `SeriesKey` and prints on one line.
// - A product key has no `/`, so `productKey/deviceKey` splits in one way only: at its first slash.

import VarveModel
import VarveText

/// The rules for names, and the form of names in messages.
///
/// Every check throws `RegistryError` (`invalid`).
enum RegistryNames {
    /// The most points that a model may have.
    static let maximumPoints = 65_536

    /// The lengths that the name of a channel may have, in Unicode scalars.
    static let channelNameLengths = 4...32

    /// The most characters of a channel's description.
    static let maximumDescription = 100

    /// Checks a key or id that names series and rows.
    static func check(_ name: String, what: String) throws {
        guard !name.isEmpty else { throw RegistryError(.invalid, "the \(what) is empty: give it a name") }
        try checkText(name, what: what)
    }

    /// Checks a product key: as `check`, and without `/`.
    static func checkProductKey(_ key: String) throws {
        try check(key, what: "product key")
        guard !key.utf8.contains(UInt8(ascii: "/")) else {
            throw RegistryError(
                .invalid,
                "product key \(shown(key)) has a \"/\", which parts product and device: leave it out")
        }
    }

    /// Checks the key of a new product, which must fit in MQTT topics and user names.
    static func checkNewProductKey(_ key: String) throws {
        try checkProductKey(key)
        if let reason = channelObstacle(productKey: key) { throw RegistryError(.invalid, reason) }
    }

    /// Why a product of this key cannot have a channel; nil if it can.
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

    /// Checks the name of a channel: its length, and that it has only letters, digits and `_`.
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

    /// Whether a scalar is a letter, a digit or `_` or, after the first, a mark that some scripts need.
    private static func isNameScalar(_ scalar: Unicode.Scalar, isFirst: Bool) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber:
            true
        case .nonspacingMark, .spacingMark: !isFirst
        default: scalar == "_"
        }
    }

    /// Checks a secret, which must not be empty, because a login needs one.
    static func checkSecret(_ secret: String) throws {
        guard !secret.isEmpty else {
            throw RegistryError(.invalid, "the secret is empty: leave it out to have one made")
        }
        try checkText(secret, what: "secret")
    }

    /// Checks the script of a product, as far as a registry can.
    static func check(script text: String, of product: Product) throws {
        guard product.format == .custom else {
            throw RegistryError(
                .invalid,
                "product \(shown(product.key)) has format json, whose messages need no script: make a product with "
                    + "--format custom")
        }
        guard !text.isEmpty, text.utf8.count <= Registry.maximumScriptBytes else {
            throw RegistryError(
                .invalid,
                "the script has \(text.utf8.count) bytes: use 1 to \(Registry.maximumScriptBytes)")
        }
        // SQLite's texts end at a zero.
        guard !text.utf8.contains(0) else {
            throw RegistryError(.invalid, "the script has a zero byte: leave it out")
        }
    }

    /// Checks an optional text such as a display name or a unit.
    static func checkOptional(_ text: String?, what: String) throws {
        if let text { try check(text, what: what) }
    }

    /// A name in quotes, cut to 80 scalars and made printable, so that a message stays one line.
    static func shown(_ name: String) -> String { Excerpt.quoted(name, limit: 80) }

    private static func checkText(_ text: String, what: String) throws {
        guard text.utf8.count <= SeriesKey.maximumNameBytes else {
            throw RegistryError(
                .invalid,
                "\(what) \(shown(text)) has \(text.utf8.count) bytes: use at most \(SeriesKey.maximumNameBytes)"
            )
        }
        guard !text.hasControlCharacter else {
            throw RegistryError(
                .invalid, "\(what) \(shown(text)) \(String.controlCharacterAdvice)")
        }
    }
}
