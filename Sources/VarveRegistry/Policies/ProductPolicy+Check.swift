// ProductPolicy+Check.swift — refuses a policy that would mix series or change values that it cannot change.

import VarveModel
import VarveText

/// What a policy needs to know of a product's model.
struct PolicyModel {
    /// The model's id.
    var id: String
    /// Whether points that it does not declare may come too.
    var takesOthers: Bool
    /// What it says of its points, events and attributes.
    var points: [Name: LookUpCache.PointRule]
}

extension ProductPolicy {
    /// The most bytes of a policy as text.
    static let maximumBytes = 1 << 20

    /// Checks a policy against the model of its product.
    ///
    /// A line that the policy before had too is not checked against the model: what does not fit any more must not hold up
    /// other lines.
    ///
    /// - Throws: `RegistryError`: `invalid`, or `notFound` for a point that the model lacks.
    func check(_ model: PolicyModel, after old: ProductPolicy) throws {
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
            if old.line(of: line.point) != line { try check(line, model) }
        }
        try checkNames()
    }

    private func check(_ line: PointPolicy, _ model: PolicyModel) throws {
        let point = Self.shown(line.point)
        try RegistryNames.check(line.point, what: "point")
        let declared = model.points[Name(line.point)]
        guard declared != nil || model.takesOthers else {
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
        let target = line.name.flatMap { model.points[Name($0)]?.type }
        // A point that nobody declared yet may be of any type: it is checked once it is declared.
        let type = declared?.type ?? (line.processing.isIdentity ? target : nil) ?? .double
        if let obstacle = line.obstacle(type, declared?.rule, storedAs: declared == nil ? nil : target) {
            throw RegistryError(.invalid, obstacle)
        }
    }

    /// Checks the names under which points are stored, and that a stored point has one time for which it is kept.
    private func checkNames() throws {
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
