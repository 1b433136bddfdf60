// RegistrationPlan.swift — from the series an input names to what must be created for them.
//
// A row that names no product means the device of that key wherever it is; a point that its product lacks is
// added there. Only a device that no product has is created, in the default product.
//
// Invariants:
// - A plan creates no second device of a key that a row without a product names.
// - Rows that declare two types for one point refuse the run: either would change values of the other.

import VarveModel
import VarveText

/// What `--register` has to create.
struct RegistrationPlan {
    /// What is asked of the registry.
    private(set) var registration = Registration()
    /// What a dry run takes as registered: by product (as the row names it, or empty), device and point.
    private(set) var expected: [SeriesKey: RegisteredPoint] = [:]
    /// The points that are new, in their order.
    private(set) var newPoints: [NewPoint] = []

    /// Makes a plan.
    ///
    /// - Parameters:
    ///   - series: The series as the input names them.
    ///   - product: The product of rows that name none.
    ///   - types: Types given by hand, by point; a registered point of another type is an error.
    ///   - isDryRun: Whether `expected` is needed.
    init(
        _ series: [SurveyedSeries.Named], product: String?, types given: [String: ValueType], isDryRun: Bool,
        directory: any PointDirectory
    ) throws {
        var devices = Set<Registration.Device>()
        var types: [PointName: ValueCensus] = [:]
        var examples: [PointName: ValueExample] = [:]
        var places: [(named: SeriesKey, product: String)] = []
        for one in series {
            let named = one.product.isEmpty ? product : one.product
            // Such a name cannot be registered; its rows are rejected one by one and do not stop the others.
            guard ![named ?? "", one.device, one.point].contains(where: \.hasControlCharacter) else {
                continue
            }
            try Self.checkDeclared(one.census.kinds, one.point)
            if let type = given[one.point] {
                try Self.check(one, product: named, isOfType: type, directory)
            }
            guard let home = try named ?? Self.home(of: one, directory) else { continue }
            devices.insert(.init(product: home, device: one.device))
            let name = PointName(product: home, point: one.point)
            types[name, default: ValueCensus()].add(one.census)
            if let example = one.example { examples[name] = ValueExample.better(examples[name], example) }
            if isDryRun {
                places.append((SeriesKey(product: one.product, device: one.device, point: one.point), home))
            }
        }
        registration.devices = devices.sorted { ($0.product, $0.device) < ($1.product, $1.device) }
        for (name, census) in types { try Self.checkDeclared(census.kinds, name.point) }
        registration.points = types.map {
            .init(product: $0.key.product, point: $0.key.point, type: given[$0.key.point] ?? $0.value.type)
        }
        registration.points.sort { ($0.product, $0.point) < ($1.product, $1.point) }
        for place in places {
            let name = PointName(product: place.product, point: place.named.point)
            let key = SeriesKey(product: place.product, device: place.named.device, point: place.named.point)
            expected[place.named] = RegisteredPoint(
                key: key, type: given[name.point] ?? types[name, default: ValueCensus()].type, policy: .last)
        }
        for point in registration.points {
            let name = PointName(product: point.product, point: point.point)
            if try directory.hasPoint(point.point, product: point.product) { continue }
            newPoints.append(
                NewPoint(
                    product: point.product, point: point.point, type: point.type,
                    isByHand: given[point.point] != nil, types[name, default: ValueCensus()],
                    example: examples[name]?.text))
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
        of series: SurveyedSeries.Named, _ directory: any PointDirectory
    ) throws -> String? {
        switch try directory.lookUp(product: nil, device: series.device, point: series.point) {
        case .found, .ambiguousDevice: nil
        case .unknownDevice, .unknownProduct: ImportOptions.defaultProduct
        case .unknownPoint(_, let product, _): product
        }
    }

    /// Refuses a type given by hand for a point that is registered with another one.
    private static func check(
        _ series: SurveyedSeries.Named, product: String?, isOfType type: ValueType,
        _ directory: any PointDirectory
    ) throws {
        let lookup = try directory.lookUp(product: product, device: series.device, point: series.point)
        guard case .found(let point) = lookup, point.type != type else { return }
        throw ImportError.otherType(
            point: series.point, given: type.name, registered: point.type.name,
            model: try directory.model(ofProduct: point.key.product) ?? point.key.product)
    }
}
