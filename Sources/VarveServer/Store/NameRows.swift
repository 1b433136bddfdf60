// NameRows.swift — the rows of the registry as `control.sock` lists them: everything but secrets.

public import VarveControl
import VarveModel
import VarveRegistry

extension StoreControl {
    /// One page of a list of the registry, from the row number `start` on.
    ///
    /// Cost: reads the whole list.
    /// - Throws: What the registry throws.
    public func names(_ kind: NameKind, from start: UInt64) throws -> NamePage {
        switch kind {
        case .models: return NamePage(of: try registry.models().lazy.map { [$0.id, $0.name] }, from: start)
        case .points:
            let rows = try registry.models().lazy.flatMap { model in
                model.points.map { [model.id, $0.id, $0.type.name, $0.hasQuality ? "1" : nil, $0.unit] }
            }
            return NamePage(of: rows, from: start)
        case .products:
            let rows = try registry.products().lazy.map {
                [$0.key, $0.model, $0.name, $0.format.name, $0.duplicates.name]
            }
            return NamePage(of: rows, from: start)
        case .devices:
            let rows = try registry.devices().lazy.map {
                [$0.product, $0.key, $0.name, $0.assetID, $0.timeZone]
            }
            return NamePage(of: rows, from: start)
        }
    }
}
