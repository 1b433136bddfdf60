// MeasurementPoint+Spec.swift — points, events and attributes in the form of the command line:
// `NAME:TYPE[:quality][:unit=U]`.
//
// Invariants:
// - The first part after a colon that is the name of a type is the type, so a point id may contain colons.
// - Types of Varve are in small letters; those of EnOS are in capitals and may have limits, as `RuleText` reads them.

import VarveModel
import VarveText

/// A name and the type behind it.
private struct NameAndType {
    enum TypeName {
        case stored(ValueType)
        case rule(ValueRule)
    }

    var name: String
    var type: TypeName
    /// What follows the type: empty, or a colon and more.
    var rest: String

    /// Finds the first type in a spec; nil if there is none.
    ///
    /// - Throws: `RegistryError` (`invalid`) if a type of EnOS is malformed.
    init?(_ spec: String, what: String, allowsNesting: Bool = false) throws {
        for colon in spec.utf8.indices where spec.utf8[colon] == UInt8(ascii: ":") {
            let after = spec[spec.utf8.index(after: colon)...]
            let word = after.prefix { $0 != ":" }
            name = String(spec[..<colon])
            if let type = ValueType(name: word) {
                self.type = .stored(type)
                rest = String(after[word.endIndex...])
                return
            }
            guard RuleText.beginsType(after) else { continue }
            do throws(RuleFailure) {
                let (rule, rest) = try RuleText.prefix(of: after, allowsNesting: allowsNesting)
                (type, self.rest) = (.rule(rule), rest)
            } catch {
                throw RegistryError(.invalid, "\(what) \(RegistryNames.shown(spec)): \(error.reason)")
            }
            guard rest.isEmpty || rest.hasPrefix(":") else {
                throw RegistryError(
                    .invalid,
                    "\(what) \(RegistryNames.shown(spec)) has something after its type: leave it out")
            }
            return
        }
        return nil
    }
}

extension MeasurementPoint {
    /// Reads a point written as `NAME:TYPE[:quality][:unit=U]`.
    ///
    /// For example `power:double:quality:unit=kW` or `mode:ENUM(0,1)`.
    ///
    /// - Throws: `RegistryError` (`invalid`) that says which part is wrong.
    public init(spec: String) throws {
        let types = ValueType.allCases.map(\.name).joined(separator: ", ")
        guard let parsed = try NameAndType(spec, what: "point") else {
            let word = spec.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).dropFirst()
                .first
            let fault =
                word.map { "has the unknown type \(RegistryNames.shown(String($0)))" } ?? "names no type"
            throw RegistryError(
                .invalid,
                "point \(RegistryNames.shown(spec)) \(fault): write NAME:TYPE with one of \(types), or with a type "
                    + "of EnOS: \(RuleText.typeNames)")
        }
        switch parsed.type {
        case .stored(let type): self.init(id: parsed.name, type: type)
        case .rule(let rule): self.init(id: parsed.name, type: rule.storedType, rule: rule)
        }
        for part in parsed.rest.split(separator: ":", omittingEmptySubsequences: false).dropFirst() {
            if part == "quality", !hasQuality {
                hasQuality = true
            } else if part.hasPrefix("unit="), unit == nil {
                unit = String(part.dropFirst("unit=".count))
            } else {
                throw RegistryError(
                    .invalid,
                    "point \(RegistryNames.shown(spec)) has an unknown part \(RegistryNames.shown(String(part))): "
                        + "write NAME:TYPE[:quality][:unit=U]")
            }
        }
        try check()
    }
}

extension ModelFeature {
    /// Reads an attribute written as `NAME:TYPE`, with a type of EnOS, or `json` for any value.
    ///
    /// - Throws: `RegistryError` (`invalid`) that says what is wrong.
    public init(attribute spec: String) throws {
        let parsed = try NameAndType(spec, what: "attribute")
        switch (parsed?.type, parsed?.rest) {
        case (.rule(let rule), ""): self.init(.attribute, parsed?.name ?? "", rule: rule)
        case (.stored(.json), ""): self.init(.attribute, parsed?.name ?? "")
        default:
            throw RegistryError(
                .invalid,
                "attribute \(RegistryNames.shown(spec)) names no type: write NAME:TYPE with a type of EnOS "
                    + "(\(RuleText.typeNames)), or NAME:json for any value")
        }
        try check()
    }

    /// Reads an event written as `ID`, or as `ID:STRUCT(…)` with the members of its output.
    ///
    /// - Throws: `RegistryError` (`invalid`) that says what is wrong.
    public init(event spec: String) throws {
        let parsed = try NameAndType(spec, what: "event", allowsNesting: true)
        switch (parsed?.type, parsed?.rest) {
        case (.rule(let rule), ""): self.init(.event, parsed?.name ?? "", rule: rule)
        case (nil, _): self.init(.event, spec)
        default:
            throw RegistryError(
                .invalid,
                "event \(RegistryNames.shown(spec)) has a type that is no output: write ID or ID:STRUCT(…)")
        }
        try check()
    }
}
