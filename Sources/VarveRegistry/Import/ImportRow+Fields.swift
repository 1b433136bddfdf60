// ImportRow+Fields.swift — the fields of a row that are not plain texts.

import VarveModel
import VarveText

extension ImportRow {
    /// The kind of feature of a model's row; nil for a point.
    func featureKind() throws -> ModelFeature.Kind? {
        guard let name = self["kind"], name != "point" else { return nil }
        guard let kind = ModelFeature.Kind.allCases.first(where: { $0.name == name }) else {
            throw RegistryError(
                .malformedInput,
                "unknown kind \(RegistryNames.shown(name)): use one of point, event, attribute")
        }
        return kind
    }

    func rule(allowsNesting: Bool) throws -> ValueRule? {
        try self["rule"].map { text in
            do throws(RuleFailure) {
                return try RuleText.rule(text, allowsNesting: allowsNesting)
            } catch {
                throw RegistryError(.malformedInput, "rule: \(error.reason)")
            }
        }
    }

    /// The time in a field, as `list --json` prints it.
    func time(_ name: String) throws -> Timestamp? {
        try self[name].map { text in
            guard
                let time = try? Array(text.utf8).withUnsafeBytes({
                    try Timestamp.parse($0, zone: FixedZone())
                })
            else {
                throw RegistryError(
                    .malformedInput,
                    "\(name) is \(RegistryNames.shown(text)): write a time such as 2024-05-01T10:00:00Z")
            }
            return time
        }
    }

    func previousSecret() throws -> PreviousSecret? {
        switch (self["previousSecret"], try time("previousUntil")) {
        case (nil, nil): return nil
        case (let secret?, let end?): return PreviousSecret(secret: secret, validUntil: end)
        default:
            throw RegistryError(
                .malformedInput, "previousSecret and previousUntil belong together: give both or none")
        }
    }
}
