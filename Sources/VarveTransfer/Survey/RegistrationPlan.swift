// RegistrationPlan.swift — finds what must be created for the series that an input names.
//
// A row without a product means the device of that key in any product. If that product lacks the point, the point is
// added there. A device that no product has is created in the default product.
//
// Invariants:
// - For a row without a product, a plan never creates a second device of the same key.
// - Rows that declare two types for one point refuse the run: each type would change values of the other.

import VarveModel
import VarveText

/// The products, points and devices that `--register` creates.
struct RegistrationPlan {
    /// The request to the registry.
    private(set) var registration = Registration()
    /// The points that a dry run treats as registered, by product (as the row names it, or empty), device and point.
    private(set) var expected: [SeriesKey: RegisteredPoint] = [:]
    /// The new points, ordered by product and point.
    private(set) var newPoints: [NewPoint] = []

    /// Makes a plan.
    ///
    /// - Parameters:
    ///   - series: The series as the input names them.
    ///   - product: The product of rows that name none.
    ///   - given: Types given by the caller, by point name.
    ///   - isDryRun: Whether `expected` is needed.
    /// - Throws: `ImportError.twoTypes`, `ImportError.otherType` for a registered point of another type than given, and
    ///   what the directory throws.
    init(
        _ series: [SurveyedSeries.Named], product: String?, types given: [Name: ValueType], isDryRun: Bool,
        directory: any PointDirectory
    ) throws {
        var devices = Set<Registration.Device>()
        var types: [PointName: ValueCensus] = [:]
        var examples: [PointName: ValueExample] = [:]
        var places: [(named: SeriesKey, product: String)] = []
        for one in series {
            let named = one.product.isEmpty ? product : one.product
            // A name with a control character cannot be registered; only its own rows are rejected.
            guard ![named ?? "", one.device, one.point].contains(where: \.hasControlCharacter) else {
                continue
            }
            try Self.checkDeclared(one.census.kinds, one.point)
            if let type = given[Name(one.point)] {
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
        registration.devices = devices.sorted {
            (Name($0.product), Name($0.device)) < (Name($1.product), Name($1.device))
        }
        for (name, census) in types { try Self.checkDeclared(census.kinds, name.point.text) }
        let points = types.sorted { ($0.key.product, $0.key.point) < ($1.key.product, $1.key.point) }
        registration.points = points.map { name, census in
            .init(
                product: name.product.text, point: name.point.text,
                type: Self.type(of: name.point, given, census))
        }
        for place in places {
            let name = PointName(product: place.product, point: place.named.point)
            let key = SeriesKey(product: place.product, device: place.named.device, point: place.named.point)
            let type = Self.type(of: name.point, given, types[name, default: ValueCensus()])
            var policy = DuplicatePolicy.last
            if case .event = ReservedPoint(name: key.point) { policy = .every }
            expected[place.named] = RegisteredPoint(key: key, type: type, policy: policy)
        }
        for point in registration.points {
            let name = PointName(product: point.product, point: point.point)
            if try directory.hasPoint(point.point, product: point.product) { continue }
            newPoints.append(
                NewPoint(
                    product: point.product, point: point.point, type: point.type,
                    isByHand: given[Name(point.point)] != nil, types[name, default: ValueCensus()],
                    example: examples[name]?.text))
        }
    }

    /// The type that a new point gets: the given one, or what its values say.
    ///
    /// Events and attributes have JSON, unless rows declare another type, which the registry refuses.
    private static func type(
        of point: Name, _ given: [Name: ValueType], _ census: ValueCensus
    ) -> ValueType {
        if let type = given[point] { return type }
        guard ReservedPoint(name: point.text) != nil, census.kinds.declaredTypes.isEmpty else {
            return census.type
        }
        return .json
    }

    private static func checkDeclared(_ census: TypeCensus, _ point: String) throws(ImportError) {
        let types = census.declaredTypes
        guard types.count < 2 else { throw .twoTypes(point: point, types: types.map(\.name)) }
    }

    /// The product of a series that the input names without one; nil if nothing is to be created.
    private static func home(
        of series: SurveyedSeries.Named, _ directory: any PointDirectory
    ) throws -> String? {
        switch try directory.lookUp(product: nil, device: series.device, point: series.point) {
        case .found, .notStored, .unfit, .ambiguousDevice: nil
        case .unknownDevice, .unknownProduct: ImportOptions.defaultProduct
        case .unknownPoint(_, let product, _): product
        }
    }

    /// Refuses a given type for a point that is registered with another type.
    private static func check(
        _ series: SurveyedSeries.Named, product: String?, isOfType type: ValueType,
        _ directory: any PointDirectory
    ) throws {
        let lookup = try directory.lookUp(product: product, device: series.device, point: series.point)
        let point: RegisteredPoint
        switch lookup {
        case .found(let found), .notStored(let found), .unfit(let found, _): point = found
        case .unknownProduct, .unknownDevice, .ambiguousDevice, .unknownPoint: return
        }
        guard point.type != type else { return }
        throw ImportError.otherType(
            point: series.point, given: type.name, registered: point.type.name,
            model: try directory.model(ofProduct: point.key.product) ?? point.key.product)
    }
}
