// StoredPoints.swift — names, types, zones and policies of the store that files are compared with.
//
// The registry answers as it does for an import. A series of the store is known even if its device was deleted from the
// registry since, because its samples can still be compared.
//
// Invariants:
// - Nothing changes: no point is registered, and no zone is remembered.
// - If the store has samples of a point, the type is theirs.

import VarveModel
import VarveRegistry
import VarveTransfer

/// The points as an importer sees them that reads files only to compare them.
final class StoredPoints: PointDirectory {
    private let registry: Registry?
    private let types: [SeriesKey: ValueType]
    /// The products that have samples of a device's point.
    ///
    /// The product in the key is empty.
    private let owners: [SeriesKey: [String]]

    /// - Parameters:
    ///   - series: The series of the store.
    ///   - registry: Its registry, if it has one.
    init(_ series: [SeriesInfo], _ registry: Registry?) {
        self.registry = registry
        types = Dictionary(series.map { ($0.key, $0.type) }) { first, _ in first }
        owners = Dictionary(grouping: series.map(\.key)) {
            SeriesKey(product: "", device: $0.device, point: $0.point)
        }.mapValues { $0.map(\.product) }
    }

    func generation() throws -> UInt64 { try registry?.generation() ?? 0 }

    func lookUp(product: String?, device: String, point: String) throws -> PointLookup {
        let answer = try registry?.lookUp(product: product, device: device, point: point)
        switch answer {
        case .found(var found):
            // Under another name, values of another type would be read as that type: they are not those that were sent.
            if found.key.point.sameBytes(as: point), let type = types[found.key] { found.type = type }
            return .found(found)
        case .notStored(let point): return .notStored(point)
        case .unfit(let point, let reason): return .unfit(point, reason: reason)
        case .ambiguousDevice(let device, let products):
            return .ambiguousDevice(device, products: products)
        case .unknownProduct, .unknownDevice, .unknownPoint, nil:
            return try stored(product: product, device: device, point: point) ?? answer
                ?? .unknownDevice(device)
        }
    }

    /// The store's series with these names, `ambiguousDevice` if several products have one, else nil.
    private func stored(product: String?, device: String, point: String) throws -> PointLookup? {
        let all = owners[SeriesKey(product: "", device: device, point: point)] ?? []
        let products = product.map { product in all.filter { $0.utf8.elementsEqual(product.utf8) } } ?? all
        guard let owner = products.first else { return nil }
        guard products.count == 1 else { return .ambiguousDevice(device, products: products) }
        let key = SeriesKey(product: owner, device: device, point: point)
        guard let type = types[key] else { return nil }
        let policy: DuplicatePolicy
        switch ReservedPoint(name: point) {
        case .event: policy = .every
        case .attribute: policy = .last
        case nil: policy = try self.policy(of: owner)
        }
        return .found(RegisteredPoint(key: key, type: type, policy: policy))
    }

    private func policy(of product: String) throws -> DuplicatePolicy {
        do {
            return try registry?.product(product).duplicates ?? .last
        } catch let error as RegistryError where error.code == .notFound {
            return .last
        }
    }

    func underPolicy(_ point: RegisteredPoint) throws -> PointLookup {
        try registry?.underPolicy(point) ?? .found(point)
    }

    func policyVersion() throws -> UInt64 { try registry?.policyVersion() ?? 0 }

    func register(_: Registration) -> Int { 0 }

    func timeZone(product: String?, device: String) throws -> String? {
        try registry?.timeZone(product: product, device: device)
    }

    func model(ofProduct product: String) throws -> String? { try registry?.model(ofProduct: product) }

    func hasPoint(_ point: String, product: String) throws -> Bool {
        try registry?.hasPoint(point, product: product) ?? false
    }

    func noteZones(_ zones: [DeviceZone], remembers _: Bool) throws -> [DeviceZone] {
        try registry?.noteZones(zones, remembers: false) ?? []
    }
}
