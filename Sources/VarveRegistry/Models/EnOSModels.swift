// EnOSModels.swift — reads thing models of EnOS, as its model API returns them, with their data types.
//
// Source: the structures ThingModel, ThingMeasurepoint, ThingAttribute, ThingEvent and ThingDatapoint of EnOS's model API.
// A file has one model, a list of models, or the answer of the API with either as `data`. Features are maps by their
// identifiers, or lists. `dataDefinition` is an object, or JSON in a string.
//
// Invariants:
// - An unknown data type or a definition that cannot be understood is an error with the place in the JSON. A point never
//   gets another type than the file says.
// - Members that Varve has no use for are ignored: descriptions, tags, signal types, texts of keys. Services are counted.

import VarveModel
import VarveText

/// The models of a file.
struct EnOSModels {
    /// The models, each with its place for messages.
    private(set) var models: [(model: Model, place: String)] = []
    private let source: String
    private var services = 0

    /// Reads a file; nil if it is not a model of EnOS.
    ///
    /// - Throws: `RegistryError` (`malformedInput`) with the line and the path in the JSON.
    init?(of bytes: [UInt8], named source: String) throws {
        self.source = source
        let first = bytes.drop { [0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0D, 0x0A].contains($0) }.first
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "["), Self.mentionsModel(bytes) else {
            return nil
        }
        let value: JSONValue
        do throws(JSONElements.Failure) {
            value = try JSONElements.value(of: bytes)
        } catch {
            throw RegistryError(.malformedInput, "\(source):\(error.line): \(error.reason)")
        }
        try take(value, EnOSPath(source: source))
    }

    /// What was in the file and is not kept.
    var notes: [String] {
        services == 0
            ? [] : ["\(services) \(services == 1 ? "service" : "services") ignored: Varve takes data only"]
    }

    /// Whether the text has the name of the member that every model of EnOS has.
    private static func mentionsModel(_ bytes: [UInt8]) -> Bool {
        let name = Array("\"modelId\"".utf8)
        var rest = bytes[...]
        while let quote = rest.firstIndex(of: name[0]) {
            rest = rest[quote...]
            if rest.starts(with: name) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    private mutating func take(_ value: JSONValue, _ path: EnOSPath) throws {
        switch value.content {
        case .array(let elements):
            for (index, element) in elements.enumerated() { try take(element, path.element(index)) }
        case .object(let members) where members.contains { $0.name == "data" } && value["modelId"] == nil:
            guard let data = value["data"] else {
                throw path.member("data").error(value, "is empty: the answer has no model")
            }
            try take(data, path.member("data"))
        case .object: try takeModel(value, path)
        default: throw path.error(value, "is no object: a model is written {…}")
        }
    }

    private mutating func takeModel(_ value: JSONValue, _ path: EnOSPath) throws {
        guard let id = try value.text("modelId", path) else {
            throw path.error(value, "has no modelId: a model of EnOS has one")
        }
        var model = Model(
            id: id, name: try value.name(path),
            isPassThrough: try value.flag("varvePassThrough", path) ?? false)
        for (id, point, path) in try value.entries("measurepoints", path) {
            let plain = try point.plainType(path)
            let rule = try plain == nil ? EnOSRule.rule(of: point, path) : nil
            model.points.append(
                MeasurementPoint(
                    id: id, type: rule?.storedType ?? plain ?? .json,
                    hasQuality: try point.flag("hasQuality", path) ?? false,
                    unit: try EnOSUnit.text(of: point, path), rule: rule))
        }
        for (id, event, path) in try value.entries("events", path) {
            let output = try event.entries("outputData", path).map { name, member, path in
                try EnOSRule.member(name, member, path, depth: 1, allowsNesting: true)
            }
            let given = try event.givenRule(path, allowsNesting: true)
            model.features.append(
                ModelFeature(.event, id, rule: given ?? (output.isEmpty ? nil : .structure(output))))
        }
        for (id, attribute, path) in try value.entries("attributes", path) {
            let rule = try attribute.plainType(path) == nil ? EnOSRule.rule(of: attribute, path) : nil
            model.features.append(ModelFeature(.attribute, id, rule: rule))
        }
        services += try value.entries("services", path).count
        models.append((model, "\(source):\(value.line)"))
    }
}

/// A place in the JSON, for messages.
struct EnOSPath {
    let source: String
    private var steps = ""

    init(source: String) {
        self.source = source
    }

    func member(_ name: String) -> EnOSPath {
        var path = self
        path.steps += (steps.isEmpty ? "" : ".") + Excerpt.of(name, limit: 80)
        return path
    }

    func element(_ index: Int) -> EnOSPath {
        var path = self
        path.steps += "[\(index)]"
        return path
    }

    func error(_ value: JSONValue, _ reason: String) -> RegistryError {
        RegistryError(
            .malformedInput, "\(source):\(value.line): \(steps.isEmpty ? "the JSON" : steps) \(reason)")
    }
}

extension JSONValue {
    /// A member of an object that is there and not null.
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = content,
            let value = members.first(where: { $0.name.utf8.elementsEqual(name.utf8) })?.value
        else { return nil }
        if case .null = value.content { return nil }
        return value
    }

    func text(_ name: String, _ path: EnOSPath) throws -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value.content else {
            throw path.member(name).error(value, "is no text: write it in quotes")
        }
        return text
    }

    func flag(_ name: String, _ path: EnOSPath) throws -> Bool? {
        guard let value = self[name] else { return nil }
        guard case .bool(let flag) = value.content else {
            throw path.member(name).error(value, "is neither true nor false")
        }
        return flag
    }

    /// The default text of a name, which may be given in several languages; nil if there is none.
    fileprivate func name(_ path: EnOSPath) throws -> String? {
        guard let name = self["name"] else { return nil }
        let text: String?
        if case .object = name.content {
            text = try name.text("defaultValue", path.member("name"))
        } else {
            text = try self.text("name", path)
        }
        return text == "" ? nil : text
    }

    /// The type of a point or attribute that takes all values of it, which EnOS has not; see EnOSExport.swift.
    fileprivate func plainType(_ path: EnOSPath) throws -> ValueType? {
        guard let name = try text("varveType", path) else { return nil }
        guard let type = ValueType(name: name) else {
            throw path.member("varveType").error(self, "is \(RegistryNames.shown(name)), which is no type")
        }
        return type
    }

    /// The rule that EnOS's own members cannot express; see EnOSExport.swift.
    func givenRule(_ path: EnOSPath, allowsNesting: Bool) throws -> ValueRule? {
        guard let text = try text("varveRule", path) else { return nil }
        do throws(RuleFailure) {
            return try RuleText.rule(text, allowsNesting: allowsNesting)
        } catch {
            throw path.member("varveRule").error(self, "is no rule: \(error.reason)")
        }
    }

    /// The features in a map by their identifiers, or in a list; empty if there are none.
    func entries(
        _ name: String, _ path: EnOSPath
    ) throws -> [(id: String, value: JSONValue, path: EnOSPath)] {
        guard let value = self[name] else { return [] }
        let path = path.member(name)
        var entries: [(id: String, value: JSONValue, path: EnOSPath)] = []
        switch value.content {
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                let path = path.element(index)
                guard let id = try element.text("identifier", path) else {
                    throw path.error(element, "has no identifier")
                }
                entries.append((id, element, path))
            }
        case .object(let members):
            for (key, element) in members {
                let path = path.member(key)
                guard case .object = element.content else {
                    throw path.error(element, "is no object: write {…}")
                }
                let id = try element.text("identifier", path) ?? key
                guard id.utf8.elementsEqual(key.utf8) else {
                    throw path.error(element, "has the identifier \(RegistryNames.shown(id)): use one name")
                }
                entries.append((id, element, path))
            }
        default: throw path.error(value, "is neither an object nor an array")
        }
        var seen: Set<Name> = []
        for entry in entries where !seen.insert(Name(entry.id)).inserted {
            throw entry.path.error(entry.value, "is there twice: keep one")
        }
        return entries
    }
}
