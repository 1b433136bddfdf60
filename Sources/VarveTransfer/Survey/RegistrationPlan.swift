// RegistrationPlan.swift — from the series an input names to what must be created for them.
//
// A row that names no product means the device of that key wherever it is; a point that its product lacks is
// added there. Only a device that no product has is created, in the default product.
//
// Invariants:
// - A plan creates no second device of a key that a row without a product names.
// - Rows that declare two types for one point refuse the run: either would change values of the other.

import VarveModel

/// What `--register` has to create.
struct RegistrationPlan {
    /// What is asked of the registry.
    private(set) var registration = Registration()
    /// What a dry run takes as registered: by product (as the row names it, or empty), device and point.
    private(set) var expected: [SeriesKey: RegisteredPoint] = [:]

    /// Makes a plan.
    ///
    /// - Parameters:
    ///   - series: The series as the input names them.
    ///   - product: The product of rows that name none.
    ///   - isDryRun: Whether `expected` is needed.
    init(
        _ series: [SurveyFindings.NamedSeries], product: String?, isDryRun: Bool,
        directory: any PointDirectory
    ) throws {
        var devices = Set<Registration.Device>()
        var types: [PointName: TypeCensus] = [:]
        var places: [(named: SeriesKey, product: String)] = []
        for one in series {
            let named = one.product.isEmpty ? product : one.product
            // Such a name cannot be registered; its rows are rejected one by one and do not stop the others.
            guard ![named ?? "", one.device, one.point].contains(where: \.hasControlCharacter) else {
                continue
            }
            try Self.checkDeclared(one.census, one.point)
            guard let home = try named ?? Self.home(of: one, directory) else { continue }
            devices.insert(.init(product: home, device: one.device))
            types[PointName(product: home, point: one.point), default: []].formUnion(one.census)
            if isDryRun {
                places.append((SeriesKey(product: one.product, device: one.device, point: one.point), home))
            }
        }
        registration.devices = devices.sorted { ($0.product, $0.device) < ($1.product, $1.device) }
        for (name, census) in types { try Self.checkDeclared(census, name.point) }
        registration.points = types.map {
            .init(product: $0.key.product, point: $0.key.point, type: $0.value.type)
        }
        registration.points.sort { ($0.product, $0.point) < ($1.product, $1.point) }
        for place in places {
            let name = PointName(product: place.product, point: place.named.point)
            let key = SeriesKey(product: place.product, device: place.named.device, point: place.named.point)
            expected[place.named] = RegisteredPoint(
                key: key, type: types[name, default: []].type, policy: .last)
        }
    }

    private struct PointName: Hashable {
        var product: String
        var point: String
    }

    private static func checkDeclared(_ census: TypeCensus, _ point: String) throws(ImportError) {
        let types = census.declaredTypes
        guard types.count < 2 else { throw .twoTypes(point: point, types: types.map(\.name)) }
    }

    /// The product in which a series that is named without one belongs; nil if there is nothing to create.
    private static func home(
        of series: SurveyFindings.NamedSeries, _ directory: any PointDirectory
    ) throws -> String? {
        switch try directory.lookUp(product: nil, device: series.device, point: series.point) {
        case .found, .ambiguousDevice: return nil
        case .unknownDevice, .unknownProduct: return ImportOptions.defaultProduct
        case .unknownPoint(_, let product, _): return product
        }
    }
}
