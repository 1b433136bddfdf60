// ProductPolicy+Text.swift — a policy as a JSON array, as commands print and read it and the registry keeps it.
//
//     [{"others":"drop"},{"point":"power","name":"power_kw","scale":0.001,"min":0,"unit":"kW","keep":"5y"}]
//
// Invariants:
// - What `json` writes is read back as an equal policy. The text is part of the registry's persistent format.
// - A member with its default is left out, and an unknown member is refused.

import VarveModel
public import VarveText

extension ProductPolicy {
    /// The policy as an array, its lines in the order of their points.
    public var json: JSONText {
        let sorted = lines.sorted { Name($0.point) < Name($1.point) }
        return .array((storesOthers ? [] : [.object([("others", .string("drop"))])]) + sorted.map(\.json))
    }

    /// Reads a policy.
    ///
    /// - Throws: `RegistryError` (`malformedInput`) with the line of the text.
    public init(json bytes: [UInt8]) throws {
        self.init()
        do {
            var hasOthers = false
            try JSONElements.forEach(in: bytes) { element in
                guard case .object(let members) = element.content else {
                    throw Self.malformed(element, "an element is not an object with a point")
                }
                if members.first?.name == "others" {
                    guard members.count == 1, !hasOthers, case .string(let text) = members[0].value.content,
                        text == "store" || text == "drop"
                    else { throw Self.malformed(element, "\"others\" comes alone, once, as store or drop") }
                    hasOthers = true
                    storesOthers = text == "store"
                } else {
                    lines.append(try PointPolicy(members, of: element))
                }
            }
        } catch let failure as JSONElements.Failure {
            throw RegistryError(.malformedInput, "line \(failure.line): \(failure.reason)")
        }
    }

    static func malformed(_ value: JSONValue, _ reason: String) -> RegistryError {
        RegistryError(.malformedInput, "line \(value.line): \(reason)")
    }
}

extension PointPolicy {
    fileprivate var json: JSONText {
        var members: [(name: String, value: JSONText)] = [("point", .string(point))]
        if !isStored { members.append(("stored", .bool(false))) }
        if let name { members.append(("name", .string(name))) }
        if processing.scale != 1 { members.append(("scale", .double(processing.scale))) }
        if processing.offset != 0 { members.append(("offset", .double(processing.offset))) }
        if let minimum = processing.minimum { members.append(("min", .double(minimum))) }
        if let maximum = processing.maximum { members.append(("max", .double(maximum))) }
        if let unit { members.append(("unit", .string(unit))) }
        switch retention {
        case nil: break
        case .forever: members.append(("keep", .string("forever")))
        case .period(let period):
            members.append(("keep", .string(RetentionPeriod.text(period.seconds))))
            if period.basis != .event { members.append(("by", .string(period.basis.name))) }
        }
        return .object(members)
    }

    fileprivate init(_ members: [(name: String, value: JSONValue)], of element: JSONValue) throws {
        self.init("")
        var hasPoint = false
        var basis: RetentionPeriod.Basis?
        for member in members {
            switch member.name {
            case "point":
                point = try Self.text(member)
                hasPoint = true
            case "stored":
                guard case .bool(let value) = member.value.content else {
                    throw ProductPolicy.malformed(member.value, "\"stored\" is neither true nor false")
                }
                isStored = value
            case "name": name = try Self.text(member)
            case "scale": processing.scale = try Self.number(member)
            case "offset": processing.offset = try Self.number(member)
            case "min": processing.minimum = try Self.number(member)
            case "max": processing.maximum = try Self.number(member)
            case "unit": unit = try Self.text(member)
            case "keep": retention = try Self.retention(member)
            case "by":
                let text = try Self.text(member)
                basis = RetentionPeriod.Basis.allCases.first { $0.name == text }
                guard basis != nil else {
                    throw ProductPolicy.malformed(member.value, "\"by\" is neither event nor arrival")
                }
            default:
                throw ProductPolicy.malformed(
                    member.value,
                    "unknown member \(Excerpt.quoted(member.name)): a line has point, stored, name, scale, offset, min, "
                        + "max, unit, keep and by")
            }
        }
        guard hasPoint else { throw ProductPolicy.malformed(element, "a line has no \"point\"") }
        guard let basis else { return }
        guard case .period(var period)? = retention else {
            throw ProductPolicy.malformed(element, "\"by\" belongs to a \"keep\" with a time")
        }
        period.basis = basis
        retention = .period(period)
    }

    private static func text(_ member: (name: String, value: JSONValue)) throws -> String {
        guard case .string(let text) = member.value.content else {
            throw ProductPolicy.malformed(member.value, "\"\(member.name)\" is not a text")
        }
        return text
    }

    private static func number(_ member: (name: String, value: JSONValue)) throws -> Double {
        guard case .number(let text) = member.value.content, Double(text) != nil else {
            throw ProductPolicy.malformed(member.value, "\"\(member.name)\" is not a number")
        }
        guard let number = exactNumber(String(text)) else {
            throw ProductPolicy.malformed(member.value, "\"\(member.name)\": \(inexact(String(text)))")
        }
        return number
    }

    /// A number of a policy; nil for a text that is no number, and for one that a double would not keep as what it says.
    ///
    /// An integer must be kept exactly. A fraction becomes the nearest double, which must not be an integer.
    public static func exactNumber(_ text: String) -> Double? {
        guard let number = Double(text) else { return nil }
        let digits = text.hasPrefix("+") ? String(text.dropFirst()) : text
        let isInteger = digits.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 || $0 == UInt8(ascii: "-") }
        if isInteger { return Int128(digits).flatMap(Double.init(exactly:)) == number ? number : nil }
        guard number == number.rounded(), abs(number) <= ValueProcessing.greatestInteger else {
            return number
        }
        let said = Array(digits.utf8).withUnsafeBufferPointer { bytes in
            bytes.baseAddress.flatMap { NumberText.int64($0, bytes.count) }
        }
        return said == Int64(exactly: number) ? number : nil
    }

    /// Why `exactNumber` takes no text.
    public static func inexact(_ text: String) -> String {
        "\(Excerpt.of(text)) is not a number that is kept exactly: use integers of at most 2^53, and fractions of at most "
            + "15 digits"
    }

    private static func retention(_ member: (name: String, value: JSONValue)) throws -> Retention {
        let text = try Self.text(member)
        if text == "forever" { return .forever }
        guard let seconds = RetentionPeriod.seconds(text), seconds > 0 else {
            throw ProductPolicy.malformed(
                member.value, "\"keep\" is neither forever nor a time such as 12h, 90d or 2y")
        }
        return .period(RetentionPeriod(seconds: seconds))
    }
}
