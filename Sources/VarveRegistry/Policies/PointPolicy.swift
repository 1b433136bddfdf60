// PointPolicy.swift — what a product's policy says: which points are stored, as what, and for how long.
//
// Invariants:
// - A policy is a value; each change of it makes a new version, and no version is ever changed.

public import VarveModel

/// One line of a policy: what becomes of the samples of a point.
public struct PointPolicy: Hashable, Sendable {
    /// For how long samples are kept.
    public enum Retention: Hashable, Sendable {
        case forever
        case period(RetentionPeriod)
    }

    /// The point as messages and files name it; events and attributes have their reserved names.
    public var point: String
    /// Whether its samples are stored; otherwise they are counted as skipped.
    public var isStored: Bool
    /// Another name under which they are stored; nil for the point's own.
    public var name: String?
    /// What happens to values.
    public var processing: ValueProcessing
    /// The unit of the stored values, to show; nil for that of the model.
    public var unit: String?
    /// How long the stored samples are kept; nil for as long as the product's other samples.
    public var retention: Retention?

    /// Describes a line; by default the point is stored as it comes.
    public init(
        _ point: String, isStored: Bool = true, name: String? = nil,
        processing: ValueProcessing = ValueProcessing(), unit: String? = nil, retention: Retention? = nil
    ) {
        self.point = point
        self.isStored = isStored
        self.name = name
        self.processing = processing
        self.unit = unit
        self.retention = retention
    }

    /// The name of the point in the store.
    public var storedName: String { name ?? point }

    /// Whether values of the point meet those of another point, or are changed.
    public var changesSamples: Bool { isStored && (name != nil || !processing.isIdentity) }

    /// Why the line cannot be carried out for a point of a type, as a clause that names the line; nil if it can.
    ///
    /// - Parameters:
    ///   - rule: The data type that the model gives the point.
    ///   - target: The type of the point whose name it is stored under, if the model has that.
    func obstacle(_ type: ValueType, _ rule: ValueRule?, storedAs target: ValueType?) -> String? {
        guard isStored else { return nil }
        let shown = RegistryNames.shown(point)
        if let name, let target, target != type {
            return "point \(shown), which is \(type.name), would be stored as another point, and point "
                + "\(RegistryNames.shown(name)) of the model is \(target.name): give it a name of its own"
        }
        guard !processing.isIdentity else { return nil }
        let obstacle: String?
        switch rule {
        case .integerEnumeration: obstacle = "its values are those of an ENUM"
        case .timestamp: obstacle = "its values are those of a TIMESTAMP"
        default: obstacle = processing.obstacle(for: type)
        }
        return obstacle.map { "point \(shown) cannot be changed so: \($0)" }
    }
}

/// The policy of a product.
public struct ProductPolicy: Hashable, Sendable {
    /// Whether points without a line are stored.
    ///
    /// Default: true. Events and attributes without a line are stored in either case.
    public var storesOthers: Bool
    /// The lines, each of another point.
    public var lines: [PointPolicy]

    /// Describes a policy; by default everything is stored as it comes.
    public init(storesOthers: Bool = true, lines: [PointPolicy] = []) {
        self.storesOthers = storesOthers
        self.lines = lines
    }

    /// The line of a point.
    public func line(of point: String) -> PointPolicy? {
        lines.first { $0.point.sameBytes(as: point) }
    }

    /// Replaces the line of a point, or adds it.
    public mutating func set(_ line: PointPolicy) {
        remove(line.point)
        lines.append(line)
    }

    /// Removes the line of a point; false if there was none.
    @discardableResult
    public mutating func remove(_ point: String) -> Bool {
        let count = lines.count
        lines.removeAll { $0.point.sameBytes(as: point) }
        return lines.count < count
    }
}

/// A policy as it was set.
public struct PolicyVersion: Hashable, Sendable {
    /// The productKey.
    public var product: String
    /// Counted from 1 for each product; the greatest is in force.
    public var version: Int64
    /// When it was set.
    public var created: Timestamp
    /// The newest commit of the store at that time: it and all before it were made under earlier versions.
    public var commit: UInt64
    /// What it says.
    public var policy: ProductPolicy

    /// Describes a version.
    public init(
        product: String, version: Int64, created: Timestamp, commit: UInt64, policy: ProductPolicy
    ) {
        self.product = product
        self.version = version
        self.created = created
        self.commit = commit
        self.policy = policy
    }
}
