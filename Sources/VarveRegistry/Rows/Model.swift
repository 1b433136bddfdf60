// Model.swift — a model and its measurement points.

public import VarveModel

/// A measurement point of a model.
public struct MeasurementPoint: Hashable, Sendable {
    /// The `pointId`, unique in its model.
    public var id: String
    /// The type of its values.
    ///
    /// Once the point is registered, only `Registry.changeType` changes it.
    public var type: ValueType
    /// Whether its readings carry a quality.
    public var hasQuality: Bool
    /// The unit of its values, for display.
    public var unit: String?

    /// Describes a point, by default without quality and unit.
    public init(id: String, type: ValueType, hasQuality: Bool = false, unit: String? = nil) {
        self.id = id
        self.type = type
        self.hasQuality = hasQuality
        self.unit = unit
    }

    func check() throws {
        try RegistryNames.check(id, what: "point id")
        try RegistryNames.checkOptional(unit, what: "unit")
    }
}

/// A model: the measurement points that the devices of a product have.
public struct Model: Hashable, Sendable {
    /// The id, unique in the registry.
    public var id: String
    /// A name for people.
    public var name: String?
    /// The points, in the order in which they were added.
    public var points: [MeasurementPoint]

    /// Describes a model, by default without name and points.
    public init(id: String, name: String? = nil, points: [MeasurementPoint] = []) {
        self.id = id
        self.name = name
        self.points = points
    }

    func check() throws {
        try RegistryNames.check(id, what: "model id")
        try RegistryNames.checkOptional(name, what: "model name")
        for point in points { try point.check() }
    }
}
