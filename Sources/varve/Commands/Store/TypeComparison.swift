// TypeComparison.swift — whether the registry and the store agree on the types of points.
//
// `varve model change` changes the store before the registry. If it is interrupted between the two, the registry is
// behind, and rows of that point are refused until the same command is run again.

import VarveFile
import VarveModel
import VarveRegistry
import VarveStorage

enum TypeComparison {
    /// A point of a product and the type of its stored samples.
    private struct Stored: Hashable {
        var product: Name
        var point: Name
        var type: ValueType
    }

    /// One line for each point whose types differ, with the command that mends it.
    ///
    /// Cost: reads the names of all series, and no samples.
    ///
    /// - Throws: `RegistryError` if the registry cannot be read.
    static func notes(_ snapshot: StoreSnapshot, _ registry: Registry) throws -> [String] {
        var stored: Set<Stored> = []
        for series in snapshot.series() {
            stored.insert(
                Stored(
                    product: Name(series.key.product), point: Name(series.key.point), type: series.type))
        }
        var models: [Name: Model] = [:]
        for model in try registry.models() { models[Name(model.id)] = model }
        var notes: Set<Name> = []
        for product in try registry.products() {
            guard let model = models[Name(product.model)] else { continue }
            for found in stored where found.product == Name(product.key) {
                guard let point = model.points.first(where: { Name($0.id) == found.point }),
                    point.type != found.type
                else { continue }
                let policy = try registry.policy(ofProduct: product.key)?.policy
                let line = policy?.lines.first {
                    $0.changesSamples && [Name($0.point), Name($0.storedName)].contains(found.point)
                }
                notes.insert(
                    Name(
                        "\(DirectoryNames.registry): point \(point.id) of model \(model.id) is \(point.type.name), its stored values are "
                            + "\(found.type.name), \(cause(product.key, line))"
                            + "`varve model change \(model.id) --point \(point.id):\(found.type.name)`"))
            }
        }
        return notes.sorted().map(\.text)
    }

    /// Why the types may differ, and the words before the command that mends it.
    private static func cause(_ product: String, _ line: PointPolicy?) -> String {
        guard let line else {
            return "as a change of the type that was interrupted leaves it; finish it with "
        }
        return
            "and the policy of product \(product) changes what point \(line.point) stores; remove that line with "
            + "`varve policy set \(product) --point \(line.point) --remove`, then make the types agree with "
    }
}
