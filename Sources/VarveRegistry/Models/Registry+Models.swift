// Registry+Models.swift — extends models, and changes what they take.

/// What became of the parts of a model that was to be extended.
public struct ModelExtension: Hashable, Sendable {
    /// The number of new points.
    public var points = 0
    /// The number of new events and attributes.
    public var features = 0
    /// The number of points, events and attributes that were there and got another unit, quality or rule.
    public var changed = 0
    /// The number of points, events and attributes that were there as described.
    public var unchanged = 0
}

extension Registry {
    /// Adds points, events and attributes to a model, and gives those that it has the described unit, quality and rule.
    ///
    /// An absent unit or rule, and a point without quality, leave what is there. Stored values never change: a rule
    /// holds for what comes later.
    ///
    /// - Parameter isPassThrough: Whether the model takes what it does not declare; nil leaves it as it is.
    /// - Throws: `typeFixed` if the model has one of the points with another type; `notFound` if there is no such
    ///   model; `invalid` for a name or rule; `full` for too many; `inUse` if a line of a policy would not fit any more.
    ///   Then nothing is changed.
    @discardableResult
    public func extendModel(
        _ id: String, points: [MeasurementPoint] = [], features: [ModelFeature] = [],
        isPassThrough: Bool? = nil
    ) throws -> ModelExtension {
        try change { change in
            guard try change.reading.modelExists(id) else { throw Self.noModel(id) }
            var result = ModelExtension()
            for point in points {
                switch try change.add(point, to: id) {
                case .added: result.points += 1
                case .changed: result.changed += 1
                case .unchanged: result.unchanged += 1
                }
            }
            for feature in features {
                switch try change.add(feature, to: id) {
                case .added: result.features += 1
                case .changed: result.changed += 1
                case .unchanged: result.unchanged += 1
                }
            }
            if let isPassThrough { try change.setPassThrough(isPassThrough, of: id) }
            return result
        }
    }

    /// Adds points to a model; see `extendModel`.
    ///
    /// - Returns: The number of new points.
    /// - Throws: What `extendModel` throws.
    @discardableResult
    public func addPoints(_ points: [MeasurementPoint], toModel id: String) throws -> Int {
        try extendModel(id, points: points).points
    }
}
