// ProductPolicy+Check.swift — refuses a policy that would mix series or change values that it cannot change.

import VarveModel
import VarveText

/// What a policy needs to know of a product's model.
struct PolicyModel {
    /// The model's id.
    var id: String
    /// Whether points that it does not declare may come too.
    var takesOthers: Bool
    /// The types of its points, events and attributes.
    var types: [Name: ValueType]
    /// Why the numbers of some points are no quantities, such as `an ENUM`.
    var codes: [Name: String]
}

extension ProductPolicy {
    /// The most bytes of a policy as text.
    static let maximumBytes = 1 << 20

    /// Checks a policy against the model of its product.
    ///
    /// - Throws: `RegistryError`: `invalid`, or `notFound` for a point that the model lacks.
    func check(_ model: PolicyModel) throws {
        guard json.line().utf8.count <= Self.maximumBytes else {
            throw RegistryError(
                .invalid,
                "the policy has more than \(Self.maximumBytes) bytes: drop what is not stored with --others drop"
            )
        }
        var seen: Set<Name> = []
        for line in lines {
            guard seen.insert(Name(line.point)).inserted else {
                throw RegistryError(
                    .invalid, "point \(Self.shown(line.point)) has two lines: say all of it in one")
            }
            try check(line, model)
        }
        try checkNames(model)
    }

    private func check(_ line: PointPolicy, _ model: PolicyModel) throws {
        let point = Self.shown(line.point)
        try RegistryNames.check(line.point, what: "point")
        let type = model.types[Name(line.point)]
        guard type != nil || model.takesOthers else {
            throw RegistryError(
                .notFound,
                "model \(Self.shown(model.id)) has no point \(point): see its points with varve model show")
        }
        if let unit = line.unit { try RegistryNames.check(unit, what: "unit") }
        if case .period(let period)? = line.retention, period.seconds < 1 {
            throw RegistryError(.invalid, "point \(point) is kept for \(period.seconds) s: use at least 1 s")
        }
        let isPlain = line.name == nil && line.processing.isIdentity && line.unit == nil
        guard line.isStored || isPlain else {
            throw RegistryError(
                .invalid,
                "point \(point) is not stored: say only how long samples that it has already are kept")
        }
        guard !line.processing.isIdentity else { return }
        let code = model.codes[Name(line.point)].map { "its values are those of \($0)" }
        // A point that nobody declared yet may be of any type; its values decide.
        if let obstacle = code ?? line.processing.obstacle(for: type ?? .double) {
            throw RegistryError(.invalid, "point \(point) cannot be changed so: \(obstacle)")
        }
    }

    /// Checks the names under which points are stored, and that a stored point has one time for which it is kept.
    private func checkNames(_ model: PolicyModel) throws {
        var owners: [Name: PointPolicy] = [:]
        for line in lines {
            guard let name = line.name else { continue }
            let (point, stored) = (Self.shown(line.point), Self.shown(name))
            try RegistryNames.check(name, what: "name of the stored point")
            guard ReservedPoint(name: name) == nil, ReservedPoint(name: line.point) == nil else {
                throw RegistryError(
                    .invalid,
                    "events and attributes keep their names: store point \(point) under its own name")
            }
            if let other = owners[Name(name)] {
                throw RegistryError(
                    .invalid,
                    "points \(Self.shown(other.point)) and \(point) would both be stored as \(stored): give them two names"
                )
            }
            owners[Name(name)] = line
            if let type = model.types[Name(line.point)], let other = model.types[Name(name)], type != other {
                throw RegistryError(
                    .invalid,
                    "point \(point) is \(type.name), and point \(stored) of the model is \(other.name): take a name of its own"
                )
            }
        }
        for line in lines where line.name == nil && line.isStored {
            guard let other = owners[Name(line.point)], let retention = other.retention,
                line.retention != nil, line.retention != retention
            else { continue }
            throw RegistryError(
                .invalid,
                "points \(Self.shown(other.point)) and \(Self.shown(line.point)) are both stored as "
                    + "\(Self.shown(line.point)): say once how long it is kept")
        }
    }

    private static func shown(_ name: String) -> String { RegistryNames.shown(name) }
}
