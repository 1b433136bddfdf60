// EnOSExport.swift — writes models as thing models of EnOS, which EnOSModels.swift reads.
//
// What EnOS has no word for is in members of its own: `varveType` for a point or attribute that takes all values of a
// type, `varveRule` for a rule that EnOS cannot express, and `varvePassThrough`. EnOS's own members then say what comes
// closest.
//
// Invariants:
// - `model import` of the text gives an equal model.

import VarveModel
import VarveText

extension Model {
    /// The model as a thing model of EnOS, on one line.
    public func enosText() -> String { enos.line() }

    /// Models as a list of thing models of EnOS, one on a line.
    public static func enosText(_ models: [Model]) -> String { JSONText.lines(models.lazy.map(\.enos)) }

    private var enos: JSONText {
        var members: [(name: String, value: JSONText)] = [("modelId", .string(id))]
        if let name { members.append(("name", .string(name))) }
        if isPassThrough { members.append(("varvePassThrough", .bool(true))) }
        members.append(
            (
                "attributes",
                .object(
                    features.filter { $0.kind == .attribute }.map { attribute in
                        (attribute.id, Self.feature(attribute.id, Self.type(attribute.rule, of: .json)))
                    })
            ))
        members.append(
            (
                "measurepoints",
                .object(
                    points.map { point in
                        var members = Self.type(point.rule, of: point.type)
                        members.append(("hasQuality", .bool(point.hasQuality)))
                        if let unit = point.unit { members.append(("unit", .string(unit))) }
                        return (point.id, Self.feature(point.id, members))
                    })
            ))
        members.append(
            ("events", .object(features.filter { $0.kind == .event }.map { ($0.id, Self.event($0)) })))
        return .object(members)
    }

    private static func feature(_ id: String, _ members: [(name: String, value: JSONText)]) -> JSONText {
        .object([("identifier", .string(id))] + members)
    }

    private static func event(_ event: ModelFeature) -> JSONText {
        guard case .structure(let output) = event.rule else {
            return feature(event.id, [("outputData", .object([]))])
        }
        // Without members, the list would say that all of them are taken.
        let rule = output.isEmpty ? [("varveRule", JSONText.string(RuleText.text(.structure([]))))] : []
        return feature(event.id, rule + [("outputData", .object(output.map(EnOSType.member)))])
    }

    /// The data type of a rule, or of a type without one.
    private static func type(_ rule: ValueRule?, of type: ValueType) -> [(name: String, value: JSONText)] {
        if let rule { return EnOSType.members(rule) }
        let closest: ValueRule =
            switch type {
            case .double: .double
            case .int64: .int
            case .bool: .bool
            case .string, .json: .string(maximumBytes: ValueRule.maximumTextBytes)
            }
        return [("varveType", .string(type.name))] + EnOSType.members(closest)
    }
}

/// Writes data types.
enum EnOSType {
    /// `dataType` and what belongs to it.
    static func members(_ rule: ValueRule) -> [(name: String, value: JSONText)] {
        let (type, definition) = definition(rule)
        return [("dataType", .string(type))]
            + (definition.isEmpty ? [] : [("dataDefinition", .object(definition))])
            + (isExact(rule) ? [] : [("varveRule", .string(RuleText.text(rule)))])
    }

    /// A member of a structure, or of the output of an event.
    static func member(_ member: ValueRule.StructureMember) -> (name: String, value: JSONText) {
        let members = [("identifier", JSONText.string(member.name))] + members(member.rule)
        return (member.name, .object(members + [("required", .bool(member.isRequired))]))
    }

    /// The name of the data type and its definition.
    private static func definition(_ rule: ValueRule) -> (String, [(name: String, value: JSONText)]) {
        switch rule {
        case .int: return ("INT", [])
        case .float: return ("FLOAT", [])
        case .double: return ("DOUBLE", [])
        case .bool: return ("BOOL", [])
        case .date: return ("DATE", [])
        case .timestamp: return ("TIMESTAMP", [])
        case .file: return ("FILE", [])
        case .string(let maximum): return ("STRING", [("maxLength", .integer(Int64(maximum)))])
        case .integerEnumeration(let keys):
            return ("ENUM", enumeration("INT", keys.sorted().map { "\($0)" }))
        case .textEnumeration(let keys): return ("ENUM", enumeration("STRING", keys.sorted()))
        case .array(let element): return ("ARRAY", [("itemType", .string(definition(element).0))])
        case .structure(let items): return ("STRUCT", [("items", .object(items.map(member)))])
        }
    }

    private static func enumeration(_ type: String, _ keys: [String]) -> [(name: String, value: JSONText)] {
        [("enumType", .string(type)), ("enumDesc", .object(keys.map { ($0, .string($0)) }))]
    }

    /// Whether EnOS's members say all that the rule says.
    private static func isExact(_ rule: ValueRule) -> Bool {
        switch rule {
        case .int, .float, .double, .bool, .date, .timestamp, .file, .string: true
        case .integerEnumeration(let keys): !keys.isEmpty
        // Keys that are equal to Unicode could be read as one.
        case .textEnumeration(let keys): !keys.isEmpty && keys.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
        case .array(.int), .array(.float), .array(.double), .array(.bool), .array(.date), .array(.timestamp):
            true
        case .array(.string(ValueRule.maximumTextBytes)): true
        case .array: false
        case .structure(let items): !items.isEmpty && items.allSatisfy { isExact($0.rule) }
        }
    }
}
