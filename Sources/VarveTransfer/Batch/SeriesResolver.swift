// SeriesResolver.swift — finds the registered point for the names in a row, or the reason why no point fits.

import VarveModel
import VarveText

/// Asks the registry and the store about a series, once for each name.
struct SeriesResolver {
    private let directory: any PointDirectory
    private let sink: any ImportSink
    private let product: String?
    private let expected: [SeriesKey: RegisteredPoint]
    private let policies: UInt64

    /// Makes a resolver.
    ///
    /// - Parameters:
    ///   - product: The product of rows that name none.
    ///   - expected: The points that a dry run treats as registered, by the names in the rows.
    /// - Throws: What the directory throws.
    init(
        directory: any PointDirectory, sink: any ImportSink, product: String?,
        expected: [SeriesKey: RegisteredPoint]
    ) throws {
        self.directory = directory
        self.sink = sink
        self.product = product
        self.expected = expected
        policies = try directory.policyVersion()
    }

    /// Throws if a policy was changed since the import began: rows that were resolved before and after it would be
    /// mixed.
    ///
    /// - Throws: `ImportError.policyChanged`, and what the directory throws.
    func checkPolicies() throws {
        guard try directory.policyVersion() == policies else { throw ImportError.policyChanged }
    }

    /// The meaning of a row's names.
    enum Answer {
        case point(RegisteredPoint)
        /// The policy does not store the point.
        case notStored(RegisteredPoint)
        case rejected(String)
        /// The product or the device is unknown; with the reason for a rejected row.
        case unknown(String)
        /// The model of the device's product lacks the point; with the point's name and the reason for a rejected row.
        case unknownPoint(String, String)
    }

    /// Finds the point.
    ///
    /// - Parameter names: The names as the row has them, with an empty product if the row names none; nil if a name is
    ///   not valid UTF-8.
    /// - Throws: What the directory or the sink throws.
    func resolve(_ names: (product: String, device: String, point: String)?) throws -> Answer {
        guard let names else { return .rejected(UTF8Advice.text("a name")) }
        let named = names.product.isEmpty ? product : names.product
        let lookup = try directory.lookUp(product: named, device: names.device, point: names.point)
        switch lookup {
        case .found(let point): return try check(point)
        case .notStored(let point): return .notStored(point)
        case .unfit(_, let reason): return .rejected(reason)
        case .unknownProduct, .unknownDevice, .ambiguousDevice, .unknownPoint: break
        }
        let key = SeriesKey(product: names.product, device: names.device, point: names.point)
        if let point = expected[key] {
            switch try directory.underPolicy(point) {
            case .found(let point): return try check(point)
            case .unfit(_, let reason): return .rejected(reason)
            default: return .notStored(point)
            }
        }
        // Nothing can register such a name, so no advice to do so.
        for (name, what) in [(named ?? "", "product"), (names.device, "device"), (names.point, "point")]
        where name.hasControlCharacter {
            return .rejected(
                "\(what) \(Excerpt.quoted(name, limit: 80)) \(String.controlCharacterAdvice)")
        }
        switch lookup {
        case .found(let point): return try check(point)
        case .notStored(let point): return .notStored(point)
        case .unfit(_, let reason): return .rejected(reason)
        case .unknownProduct(let name):
            return .unknown(
                "unknown product \(name); create it with `varve product create` or import with --register")
        case .unknownDevice(let name):
            return .unknown(
                "unknown device \(name); create it with `varve device create` or import with --register")
        case .ambiguousDevice(let name, let products):
            return .rejected(
                "device \(name) is in the products \(products.prefix(8).joined(separator: ", ")); "
                    + "name one with a product column or --product")
        case .unknownPoint(let name, _, let model):
            return .unknownPoint(
                name,
                "unknown point \(name) in model \(model); add it with `varve model add \(ShellWord.quoted(model)) "
                    + "--point NAME:TYPE` or import with --register and --product")
        }
    }

    private func check(_ point: RegisteredPoint) throws -> Answer {
        guard let stored = try sink.storedType(of: point.key), stored != point.type else {
            return .point(point)
        }
        return .rejected(
            "point \(point.key.point) is \(point.type.name) in its model, and the store has \(stored.name) "
                + "values of it: change its type with varve model change"
        )
    }
}
