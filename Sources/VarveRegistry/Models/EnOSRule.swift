// EnOSRule.swift — the data types of EnOS's thing models as value rules, and their units as texts.
//
// Source: "dataType" and "dataDefinition" in EnOS's model API and its FAQ; the multipliers of its unit structure.

import VarveModel
import VarveText

/// Reads data types.
enum EnOSRule {
    /// The rule of a point, attribute or member.
    static func rule(
        of value: JSONValue, _ path: EnOSPath, depth: Int = 0, allowsNesting: Bool = false
    ) throws -> ValueRule {
        if let rule = try value.givenRule(path, allowsNesting: allowsNesting && depth == 0) { return rule }
        guard let type = try value.text("dataType", path) else { throw path.error(value, "has no dataType") }
        let definition = try definition(of: value, path)
        let inner = path.member("dataDefinition")
        switch type {
        case "INT": return .int
        case "FLOAT": return .float
        case "DOUBLE": return .double
        case "BOOL": return .bool
        case "DATE": return .date
        case "TIMESTAMP": return .timestamp
        case "FILE": return .file
        case "STRING": return try string(definition, inner)
        case "ENUM":
            guard let definition else {
                throw path.error(value, "is an ENUM without a dataDefinition: its keys are in there")
            }
            return try enumeration(definition, inner)
        case "ARRAY":
            guard let definition else {
                throw path.error(value, "is an ARRAY without a dataDefinition: its itemType is in there")
            }
            return try array(definition, inner)
        case "STRUCT":
            guard depth == 0 || allowsNesting && depth == 1 else {
                throw path.error(value, "is a STRUCT in a STRUCT, which EnOS does not have")
            }
            guard let definition else {
                throw path.error(value, "is a STRUCT without a dataDefinition: its items are in there")
            }
            return try structure(definition, inner, depth: depth, allowsNesting: allowsNesting)
        default:
            throw path.member("dataType").error(
                value, "is \(RegistryNames.shown(type)), which is no data type of EnOS: correct it")
        }
    }

    /// A member of a structure, or of the output of an event.
    ///
    /// - Parameter depth: The number of structures around it; the output of an event is one.
    static func member(
        _ name: String, _ value: JSONValue, _ path: EnOSPath, depth: Int, allowsNesting: Bool
    ) throws -> ValueRule.StructureMember {
        let isRequired = try value.flag("required", path) ?? value.flag("isRequired", path) ?? false
        return ValueRule.StructureMember(
            name: name, rule: try rule(of: value, path, depth: depth, allowsNesting: allowsNesting),
            isRequired: isRequired)
    }

    /// The definition, which is an object or JSON in a string; nil if there is none.
    private static func definition(of value: JSONValue, _ path: EnOSPath) throws -> JSONValue? {
        guard let given = value["dataDefinition"] else { return nil }
        let path = path.member("dataDefinition")
        var definition = given
        if case .string(let text) = given.content {
            guard !text.isEmpty else { return nil }
            do throws(JSONElements.Failure) {
                definition = try JSONElements.value(of: Array(text.utf8))
            } catch {
                throw path.error(given, "is no JSON: \(error.reason)")
            }
        }
        switch definition.content {
        case .null: return nil
        case .object: return definition.onLine(given.line)
        default: throw path.error(given, "is no object: write {…}")
        }
    }

    private static func string(_ definition: JSONValue?, _ path: EnOSPath) throws -> ValueRule {
        guard let length = definition?["maxLength"] else {
            return .string(maximumBytes: ValueRule.maximumTextBytes)
        }
        let text: String? =
            switch length.content {
            case .number(let text), .string(let text): text
            default: nil
            }
        guard let maximum = text.flatMap({ Int($0) }), 1...ValueRule.maximumTextBytes ~= maximum else {
            throw path.member("maxLength").error(
                length, "is no length of 1 to \(ValueRule.maximumTextBytes) bytes, which EnOS allows")
        }
        return .string(maximumBytes: maximum)
    }

    private static func enumeration(_ definition: JSONValue, _ path: EnOSPath) throws -> ValueRule {
        let inner = path.member("enumDesc")
        guard let described = definition["enumDesc"], case .object(let members) = described.content,
            !members.isEmpty
        else { throw inner.error(definition, "has no keys: write {\"0\":…,\"1\":…}") }
        var keys: Set<String> = []
        for member in members where !keys.insert(member.name).inserted {
            throw inner.error(described, "has the key \(RegistryNames.shown(member.name)) twice: keep one")
        }
        switch try definition.text("enumType", path) ?? "INT" {
        case "INT":
            var numbers: Set<Int64> = []
            for key in keys {
                guard let number = Int64(key), numbers.insert(number).inserted else {
                    throw inner.error(
                        described, "has the key \(RegistryNames.shown(key)), and enumType is INT")
                }
            }
            return .integerEnumeration(keys: numbers)
        case "STRING": return .textEnumeration(keys: keys)
        case let other:
            throw path.member("enumType").error(
                definition, "is \(RegistryNames.shown(other)): EnOS has INT and STRING")
        }
    }

    private static func array(_ definition: JSONValue, _ path: EnOSPath) throws -> ValueRule {
        let inner = path.member("itemType")
        switch try definition.text("itemType", path) {
        case "INT": return .array(of: .int)
        case "FLOAT": return .array(of: .float)
        case "DOUBLE": return .array(of: .double)
        case "BOOL": return .array(of: .bool)
        case "DATE": return .array(of: .date)
        case "TIMESTAMP": return .array(of: .timestamp)
        case "STRING": return .array(of: .string(maximumBytes: ValueRule.maximumTextBytes))
        case let other?:
            throw inner.error(
                definition, "is \(RegistryNames.shown(other)): EnOS has INT, FLOAT, DOUBLE and STRING")
        case nil: throw inner.error(definition, "is missing: say of which type the elements are")
        }
    }

    private static func structure(
        _ definition: JSONValue, _ path: EnOSPath, depth: Int, allowsNesting: Bool
    ) throws -> ValueRule {
        let members = try definition.entries("items", path).map { name, value, path in
            try member(name, value, path, depth: depth + 1, allowsNesting: allowsNesting)
        }
        guard !members.isEmpty else { throw path.member("items").error(definition, "has no members") }
        return .structure(members)
    }
}

extension JSONValue {
    /// The value as if all of it were on one line of the file, as JSON in a string is.
    fileprivate func onLine(_ line: Int) -> JSONValue {
        var value = self
        value.line = line
        switch content {
        case .array(let elements): value.content = .array(elements.map { $0.onLine(line) })
        case .object(let members): value.content = .object(members.map { ($0.name, $0.value.onLine(line)) })
        default: break
        }
        return value
    }
}

/// Reads units.
enum EnOSUnit {
    private static let prefixes: [String: String] = [
        "YOTTA": "Y", "ZETTA": "Z", "EXA": "E", "PETA": "P", "TERA": "T", "GIGA": "G", "MEGA": "M",
        "KILO": "k",
        "HECTO": "h", "DECA": "da", "ONE": "", "DECI": "d", "CENTI": "c", "MILLI": "m", "MICRO": "μ",
        "NANO": "n",
        "PICO": "p", "FEMTO": "f", "ATTO": "a", "ZEPTO": "z", "YOCTO": "y",
    ]

    /// The unit of a point, such as `kW`; nil if it has none.
    static func text(of point: JSONValue, _ path: EnOSPath) throws -> String? {
        guard let unit = point["unit"] else { return nil }
        let inner = path.member("unit")
        guard case .object = unit.content else {
            let text = try point.text("unit", path)
            return text == "" ? nil : text
        }
        guard let id = try unit.text("unitId", inner), !id.isEmpty else { return nil }
        let multiplier = try unit.text("multiplier", inner) ?? "ONE"
        guard let prefix = prefixes[multiplier] else {
            throw inner.member("multiplier").error(
                unit, "is \(RegistryNames.shown(multiplier)), which EnOS does not have")
        }
        return prefix + id
    }
}
