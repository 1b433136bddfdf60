// ListedRegistry.swift — models, products and devices for the commands that show them.
//
// They come from the registry. A user who may not read its file gets them from the running service, without secrets.
//
// Invariants:
// - A product or device from the service has an empty secret, which prints as absent.

import VarveControl
import VarveFile
import VarveModel
import VarveRegistry
import VarveText

/// Where the rows come from.
enum ListedRegistry {
    case registry(Registry)
    case service(ControlClient)

    /// The user may not read the registry, and no service runs that could list it.
    struct RegistryNotReadable: Error, CustomStringConvertible {
        let path: String

        var description: String {
            "only its owner may read \(path), and no service runs that could list it: start varve serve, or run this "
                + "as the owner; query and export do not need it"
        }
    }

    func models() throws -> [Model] {
        switch self {
        case .registry(let registry): return try registry.models()
        case .service(let client):
            var models = try client.names(.models).map {
                Model(id: try Self.text($0, 0), name: $0[1], isPassThrough: $0[2] != nil)
            }
            let points = Dictionary(grouping: try client.names(.points)) { Name($0[0] ?? "") }
            let features = Dictionary(grouping: try client.names(.features)) { Name($0[0] ?? "") }
            for index in models.indices {
                models[index].points = try (points[Name(models[index].id)] ?? []).map(Self.point)
                models[index].features = try (features[Name(models[index].id)] ?? []).map(Self.feature)
            }
            return models
        }
    }

    func model(_ id: String) throws -> Model {
        if case .registry(let registry) = self { return try registry.model(id) }
        return try Self.require(models().first { $0.id.sameBytes(as: id) }, "model \(id)")
    }

    func products() throws -> [Product] {
        switch self {
        case .registry(let registry): return try registry.products()
        case .service(let client): return try client.names(.products).map(Self.product)
        }
    }

    func product(_ key: String) throws -> Product {
        if case .registry(let registry) = self { return try registry.product(key) }
        return try Self.require(products().first { $0.key.sameBytes(as: key) }, "product \(key)")
    }

    func devices(product: String?) throws -> [Device] {
        switch self {
        case .registry(let registry): return try registry.devices(product: product)
        case .service(let client):
            guard let product else { return try client.names(.devices).map(Self.device) }
            _ = try self.product(product)
            return try client.names(.devices, after: [product, ""]) { product.sameBytes(as: $0[0] ?? "") }
                .map(Self.device)
        }
    }

    func device(named name: String) throws -> Device {
        switch self {
        case .registry(let registry): return try registry.device(named: name)
        case .service(let client):
            if let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) {
                let key = String(name[name.utf8.index(after: slash)...])
                if let device = try Self.device(key, of: String(name[..<slash]), client) { return device }
            }
            let found = try products().compactMap { try Self.device(name, of: $0.key, client) }
            guard found.count < 2 else {
                throw RegistryError(
                    .ambiguous,
                    "device \(printable(name)) exists in \(found.count) products: name it as productKey/deviceKey"
                )
            }
            return try Self.require(found.first, "device \(printable(name))")
        }
    }

    /// A device of a product; nil if the product has no such device.
    ///
    /// Cost: reads the devices from the key without its last character on.
    private static func device(
        _ key: String, of product: String, _ client: ControlClient
    ) throws -> Device? {
        let rows = try client.names(.devices, after: [product, String(key.unicodeScalars.dropLast())]) {
            row in
            product.sameBytes(as: row[0] ?? "") && Name(row[1] ?? "") <= Name(key)
        }
        guard let last = rows.last, key.sameBytes(as: last[1] ?? "") else { return nil }
        return try device(last)
    }

    private static func require<Row>(_ row: Row?, _ what: String) throws -> Row {
        guard let row else { throw RegistryError(.notFound, "there is no \(what)") }
        return row
    }

    private static func text(_ row: [String?], _ index: Int) throws -> String {
        guard let text = row[index] else {
            throw ControlError(.notUnderstood, "the service sent a row without a name")
        }
        return text
    }

    private static func point(_ row: [String?]) throws -> MeasurementPoint {
        guard let type = ValueType(name: try text(row, 2)) else {
            throw ControlError(.notUnderstood, "the service sent an unknown type")
        }
        return MeasurementPoint(
            id: try text(row, 1), type: type, hasQuality: row[3] != nil, unit: row[4],
            rule: try rule(row[5], allowsNesting: false))
    }

    private static func feature(_ row: [String?]) throws -> ModelFeature {
        let name = try text(row, 1)
        guard let kind = ModelFeature.Kind.allCases.first(where: { $0.name == name }) else {
            throw ControlError(.notUnderstood, "the service sent an unknown kind of feature")
        }
        return ModelFeature(kind, try text(row, 2), rule: try rule(row[3], allowsNesting: true))
    }

    private static func rule(_ text: String?, allowsNesting: Bool) throws -> ValueRule? {
        guard let text else { return nil }
        do throws(RuleFailure) {
            return try RuleText.rule(text, allowsNesting: allowsNesting)
        } catch {
            throw ControlError(.notUnderstood, "the service sent an unknown rule")
        }
    }

    private static func product(_ row: [String?]) throws -> Product {
        let duplicates = try text(row, 4)
        guard let format = PayloadFormat(rawValue: try text(row, 3)),
            let policy = DuplicatePolicy(name: duplicates)
        else {
            throw ControlError(.notUnderstood, "the service sent a product with an unknown format or policy")
        }
        return Product(
            key: try text(row, 0), model: try text(row, 1), name: row[2], secret: "", format: format,
            duplicates: policy, takesNumericTexts: row[5] != nil)
    }

    private static func device(_ row: [String?]) throws -> Device {
        Device(
            product: try text(row, 0), key: try text(row, 1), secret: "", assetID: row[3], name: row[2],
            timeZone: row[4], activated: row[5].flatMap { Int64($0) }.map(Timestamp.init(nanoseconds:)))
    }
}

extension DataOptions {
    /// The registry, or the running service if this user may not read the registry's file.
    ///
    /// - Throws: `ListedRegistry.RegistryNotReadable` if neither is there, `ControlError` if the service cannot be used,
    ///   `RegistryError` if the registry cannot be opened.
    func listedRegistry() throws -> ListedRegistry {
        do {
            try POSIXFileSystem().open(registryPath, .read).close()
        } catch let error where error.isForbidden {
            guard let client = try RunningService.connect(self) else {
                throw ListedRegistry.RegistryNotReadable(path: registryPath)
            }
            return .service(client)
        } catch {
            // Opening the registry below reports every other error in better words.
        }
        return .registry(try openRegistry(to: .read))
    }
}
