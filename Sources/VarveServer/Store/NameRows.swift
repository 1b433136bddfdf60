// NameRows.swift — the rows of the registry as `control.sock` lists them: everything but secrets.

public import VarveControl
import VarveModel
import VarveRegistry
import VarveText

extension StoreControl {
    /// One page of a list of the registry, from the row after the end of another page on.
    ///
    /// Cost: reads the rows of the page.
    /// - Throws: `ControlError` if that is not the end of a page; what the registry throws.
    public func names(_ kind: NameKind, after end: [String]) throws -> NamePage {
        let limit = NamePage.rowLimit
        func text(_ index: Int) -> String { index < end.count ? end[index] : "" }
        func number(_ index: Int) throws -> Int64 {
            guard index < end.count else { return -1 }
            guard let number = Int64(end[index]) else {
                throw ControlError(.notUnderstood, "\(Excerpt.quoted(end[index])) is no position in a list")
            }
            return number
        }
        switch kind {
        case .models:
            return NamePage(try registry.models(after: text(0), limit: limit)) {
                (row: [$0.id, $0.name, $0.isPassThrough ? "1" : nil], end: [$0.id])
            }
        case .points:
            return NamePage(try registry.points(after: text(0), number(1), limit: limit)) {
                model, position, point in
                (
                    row: [
                        model, point.id, point.type.name, point.hasQuality ? "1" : nil, point.unit,
                        point.rule.map(RuleText.text),
                    ], end: [model, "\(position)"]
                )
            }
        case .features:
            let found = try registry.features(after: text(0), number(1), number(2), limit: limit)
            return NamePage(found) { model, position, feature in
                (
                    row: [model, feature.kind.name, feature.id, feature.rule.map(RuleText.text)],
                    end: [model, "\(feature.kind.rawValue)", "\(position)"]
                )
            }
        case .products:
            return NamePage(try registry.products(after: text(0), limit: limit)) {
                (
                    row: [
                        $0.key, $0.model, $0.name, $0.format.name, $0.duplicates.name,
                        $0.takesNumericTexts ? "1" : nil,
                    ], end: [$0.key]
                )
            }
        case .devices:
            return NamePage(try registry.devices(after: text(0), text(1), limit: limit)) {
                (
                    row: [
                        $0.product, $0.key, $0.name, $0.assetID, $0.timeZone,
                        $0.activated.map { "\($0.nanoseconds)" },
                    ], end: [$0.product, $0.key]
                )
            }
        }
    }
}
