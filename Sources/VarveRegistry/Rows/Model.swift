// Model.swift — a model: its measurement points, events and attributes.

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
    /// Which values messages may have; nil for all of its type.
    ///
    /// Its `storedType` is `type`.
    public var rule: ValueRule?

    /// Describes a point, by default without quality, unit and rule.
    public init(
        id: String, type: ValueType, hasQuality: Bool = false, unit: String? = nil, rule: ValueRule? = nil
    ) {
        self.id = id
        self.type = type
        self.hasQuality = hasQuality
        self.unit = unit
        self.rule = rule
    }

    func check() throws {
        try RegistryNames.check(id, what: "point id")
        guard ReservedPoint(name: id) == nil else {
            throw RegistryError(
                .invalid,
                "point id \(RegistryNames.shown(id)) begins with \(ReservedPoint.eventPrefix) or "
                    + "\(ReservedPoint.attributePrefix), which name events and attributes: take another id")
        }
        try RegistryNames.checkOptional(unit, what: "unit")
        if let rule, rule.storedType != type {
            throw RegistryError(
                .invalid,
                "point \(RegistryNames.shown(id)) has a rule for \(rule.storedType.name) and type \(type.name): "
                    + "use \(rule.storedType.name)")
        }
    }
}

/// An event or attribute that a model declares.
public struct ModelFeature: Hashable, Sendable {
    /// What a feature is.
    ///
    /// The raw values are part of the persistent format.
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// Something that happens to a device.
        case event = 1
        /// A property of a device, which has one value at a time.
        case attribute = 2

        /// The name used in messages and files.
        public var name: String { self == .event ? "event" : "attribute" }
    }

    /// What it is.
    public var kind: Kind
    /// The id, unique among the features of its kind in its model.
    public var id: String
    /// Which values it may have; nil for all.
    ///
    /// That of an event is a structure, whose members are the event's output and may be structures themselves.
    public var rule: ValueRule?

    /// Describes a feature, by default of any value.
    public init(_ kind: Kind, _ id: String, rule: ValueRule? = nil) {
        self.kind = kind
        self.id = id
        self.rule = rule
    }

    /// The name of the series that holds its values.
    public var reserved: ReservedPoint { kind == .event ? .event(id) : .attribute(id) }

    func check() throws {
        try RegistryNames.check(id, what: "\(kind.name) id")
        // The name of its series must be one, too.
        try RegistryNames.check(reserved.name, what: "\(kind.name) id with its prefix")
        if kind == .event, let rule {
            guard case .structure = rule else {
                throw RegistryError(
                    .invalid,
                    "event \(RegistryNames.shown(id)) has an output that is no STRUCT: write STRUCT(NAME:TYPE,…)"
                )
            }
        }
    }
}

/// A model: the points, events and attributes that the devices of a product have.
public struct Model: Hashable, Sendable {
    /// The id, unique in the registry.
    public var id: String
    /// A name for people.
    public var name: String?
    /// The points, in the order in which they were added.
    public var points: [MeasurementPoint]
    /// The events and then the attributes, each in the order in which they were added.
    public var features: [ModelFeature]
    /// Whether a message may name points, events and attributes that the model does not declare.
    ///
    /// The first value then declares them.
    public var isPassThrough: Bool

    /// Describes a model, by default without name, points and features.
    public init(
        id: String, name: String? = nil, points: [MeasurementPoint] = [], features: [ModelFeature] = [],
        isPassThrough: Bool = false
    ) {
        self.id = id
        self.name = name
        self.points = points
        self.features = features
        self.isPassThrough = isPassThrough
    }

    func check() throws {
        try RegistryNames.check(id, what: "model id")
        try RegistryNames.checkOptional(name, what: "model name")
        for point in points { try point.check() }
        for feature in features { try feature.check() }
    }
}
