// RuledValues.swift — what a model asks of a value beyond its type; the channel asks the same of messages.
//
// Invariants:
// - A value that is not refused here can be stored: the store refuses no value of an event that passed.

import VarveModel
import VarveText

extension RegisteredPoint {
    /// Whether `ValueParser.refusal` must be asked about the values.
    var isRuled: Bool {
        policy == .every || rule?.narrowsType ?? false || storedRule?.narrowsType ?? false
    }
}

extension ValueParser {
    /// Why a row of a point is rejected although its value has the type of the point; nil if it is taken.
    ///
    /// - Parameters:
    ///   - value: The value as it was parsed last.
    ///   - field: The field that it was parsed from.
    ///   - hasQuality: Whether the row has a quality.
    ///   - name: The name of the point in the row.
    ///   - point: What the name means.
    func refusal(
        of value: ParsedValue, _ field: Field, hasQuality: Bool, of name: Field, _ point: RegisteredPoint
    ) -> String? {
        let name = name.excerpt
        if point.policy == .every {
            if hasQuality { return "\(name) is an event, which has no quality: leave the quality empty" }
            guard case .canonicalText = value else { return nil }
            return eventRefusal(field, point.rule).map { "\(name) is an event, and \($0)" }
        }
        guard let rule = point.rule else { return nil }
        let clause: String?
        switch value {
        case .bits(let bits):
            clause =
                rule.storedType != .int64 || rule.takes(Int64(bitPattern: bits))
                ? nil : Self.clause(field, rule)
        case .text(let text): clause = rule.takes(text) ? nil : Self.clause(field, rule)
        case .canonicalText: clause = Self.check(canonical, rule)
        case .missing, .failure: clause = nil
        }
        return clause.map {
            "point \(name) is \(rule.name), and \($0); correct the value, or the data type in the model"
        }
    }

    /// Why a row is rejected for what a policy makes of its value; nil if that fits the point as which it is stored.
    func refusalByPolicy(of value: ParsedValue, _ name: Field, _ point: RegisteredPoint) -> String? {
        guard let rule = point.storedRule else { return nil }
        let clause: String?
        switch value {
        case .bits(let bits):
            let integer = Int64(bitPattern: bits)
            clause =
                rule.storedType != .int64 || rule.takes(integer) ? nil : "\(integer) is not \(rule.wanted)"
        case .text(let text): clause = rule.takes(text) ? nil : "\(Excerpt.of(text)) is not \(rule.wanted)"
        case .canonicalText: clause = Self.check(canonical, rule)
        case .missing, .failure: clause = nil
        }
        return clause.map {
            "the policy stores point \(name.excerpt) as \(Excerpt.quoted(point.key.point, limit: 80)), which is "
                + "\(rule.name), and \($0)"
        }
    }

    private static func clause(_ field: Field, _ rule: ValueRule) -> String {
        "\"\(field.excerpt)\" is not \(rule.wanted)"
    }

    private static func check(_ json: [UInt8], _ rule: ValueRule) -> String? {
        var copy: [UInt8] = []
        return json.withUnsafeBufferPointer { rule.append($0, takesNumericTexts: false, to: &copy) }
    }

    /// Why the last value is not a list of the contents of an event.
    private func eventRefusal(_ field: Field, _ rule: ValueRule?) -> String? {
        guard let contents = try? JSONElementSet(array: canonical), !contents.elements.isEmpty else {
            return "\"\(field.excerpt)\" is not a JSON array of what it brought: put it in brackets"
        }
        guard let rule else { return nil }
        for content in contents.elements {
            if let clause = Self.check(content, rule) { return clause }
        }
        return nil
    }
}
