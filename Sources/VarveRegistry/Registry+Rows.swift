// Registry+Rows.swift — create, list, show and delete models, products and devices.
//
// Invariants:
// - Nothing is deleted that another row refers to: a model with products and a product with devices stay.
// - Deleting a device leaves its history in the store alone.

public import VarveModel

extension Registry {
    /// Makes a model with its points.
    public func create(_ model: Model) throws {
        try change { try $0.insert(model) }
    }

    /// Adds points to a model; a point that it has with the same type stays as it is.
    ///
    /// - Returns: How many points are new.
    /// - Throws: `typeFixed` if the model has one of them with another type; then none is added.
    @discardableResult
    public func addPoints(_ points: [MeasurementPoint], toModel id: String) throws -> Int {
        try change { change in
            guard try change.reading.modelExists(id) else { throw Self.noModel(id) }
            var added = 0
            for point in points where try change.add(point, to: id) { added += 1 }
            return added
        }
    }

    /// Changes the type of a point, after the values that are stored of it were changed.
    ///
    /// Where `convert` succeeds and the rest fails, the same call again finishes it: `convert` finds nothing to do then.
    ///
    /// - Parameters:
    ///   - type: The new type; the one that the point has already is no error.
    ///   - convert: Changes what is stored, in the products that it is given, and returns when that is durable.
    /// - Returns: What `convert` returned.
    /// - Throws: `notFound` if there is no such model or point; `busy` if the model got or lost a product meanwhile; what
    ///   `convert` throws, and then nothing is changed here.
    public func changeType<Result>(
        ofPoint point: String, inModel model: String, to type: ValueType,
        convert: (_ products: [String]) throws -> Result
    ) throws -> Result {
        let products = try self.products(ofModel: model, withPoint: point)
        let result = try convert(products)
        do {
            try change { change in
                guard try change.reading.products(of: model) == products else {
                    throw RegistryError(
                        .busy, "the products of model \(RegistryNames.shown(model)) were changed meanwhile")
                }
                try change.setType(ofPoint: point, inModel: model, to: type)
            }
        } catch let error as RegistryError {
            throw RegistryError(
                error.code,
                "the values are converted, the registry is not changed yet; run the same command again to finish it: "
                    + error.message)
        }
        return result
    }

    /// The products of a model that has a point of that id.
    ///
    /// - Throws: `notFound` if there is no such model or point.
    public func products(ofModel model: String, withPoint point: String) throws -> [String] {
        try read { reading in
            guard try reading.modelExists(model) else { throw Self.noModel(model) }
            guard try reading.point(point, of: model) != nil else { throw Self.noPoint(point, model) }
            return try reading.products(of: model)
        }
    }

    static func noPoint(_ point: String, _ model: String) -> RegistryError {
        RegistryError(
            .notFound,
            "model \(RegistryNames.shown(model)) has no point \(RegistryNames.shown(point)): "
                + "see its points with varve model show")
    }

    /// All models, by id.
    public func models() throws -> [Model] {
        try read { reading in
            try reading.modelNames().map {
                try Model(id: $0.id, name: $0.name, points: reading.points(of: $0.id))
            }
        }
    }

    /// The model of that id.
    public func model(_ id: String) throws -> Model {
        try read { reading in
            guard let model = try reading.model(id) else { throw Self.noModel(id) }
            return model
        }
    }

    /// Removes a model that no product uses.
    ///
    /// - Returns: The model as it was.
    @discardableResult
    public func deleteModel(_ id: String) throws -> Model {
        try change { try $0.deleteModel(id) }
    }

    /// Makes a product of an existing model.
    public func create(_ product: Product) throws {
        try change { try $0.insert(product) }
    }

    /// All products, by key.
    public func products() throws -> [Product] {
        try read { try $0.products() }
    }

    /// The product of that key.
    public func product(_ key: String) throws -> Product {
        try read { reading in
            guard let product = try reading.product(key) else { throw Self.noProduct(key) }
            return product
        }
    }

    /// Removes a product that has no devices.
    ///
    /// - Returns: The product as it was.
    @discardableResult
    public func deleteProduct(_ key: String) throws -> Product {
        try change { try $0.deleteProduct(key) }
    }

    /// Makes a device of an existing product.
    public func create(_ device: Device) throws {
        try change { try $0.insert(device) }
    }

    /// All devices, or those of one product, by product and key.
    public func devices(product: String? = nil) throws -> [Device] {
        try read { reading in
            if let product, try reading.product(product) == nil { throw Self.noProduct(product) }
            var devices: [Device] = []
            try reading.forEachDevice(of: product) { devices.append($0) }
            return devices
        }
    }

    /// The device that a user names: `deviceKey`, or `productKey/deviceKey`.
    ///
    /// A device key may have a `/` itself; where a name can be read both ways, the qualified reading counts, so
    /// that every device can be named.
    ///
    /// - Throws: `notFound`, or `ambiguous` when several products have the bare key.
    public func device(named name: String) throws -> Device {
        try read { try $0.device(named: name) }
    }

    /// The device keys that more than one product has: those print as `productKey/deviceKey`.
    public func ambiguousDeviceKeys() throws -> Set<String> {
        try read { Set(try $0.ambiguousDeviceKeys()) }
    }

    /// Removes a device; its history stays.
    ///
    /// - Parameter name: As in `device(named:)`.
    /// - Returns: The device as it was.
    @discardableResult
    public func deleteDevice(named name: String) throws -> Device {
        try change { change in
            let device = try change.reading.device(named: name)
            return try change.deleteDevice(device.key, of: device.product)
        }
    }
}

extension RegistryReading {
    /// See `Registry.device(named:)`.
    func device(named name: String) throws -> Device {
        if let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) {
            let key = String(name[name.utf8.index(after: slash)...])
            if let device = try device(key, of: String(name[..<slash])) { return device }
        }
        let owners = try owners(of: name)
        guard let owner = owners.first, let device = try device(name, of: owner) else {
            throw Registry.noDevice(name)
        }
        guard owners.count == 1 else {
            let names = owners.prefix(5).map { RegistryNames.shown("\($0)/\(name)") }.joined(separator: ", ")
            throw RegistryError(
                .ambiguous,
                "device key \(RegistryNames.shown(name)) is in \(owners.count) products: name one of \(names)"
                    + (owners.count > 5 ? ", …" : ""))
        }
        return device
    }
}

extension Registry {
    static func noModel(_ id: String) -> RegistryError {
        RegistryError(
            .notFound, "there is no model \(RegistryNames.shown(id)): see varve model list, or create it")
    }

    static func noProduct(_ key: String) -> RegistryError {
        RegistryError(
            .notFound, "there is no product \(RegistryNames.shown(key)): see varve product list, or create it"
        )
    }

    static func noDevice(_ name: String) -> RegistryError {
        RegistryError(
            .notFound, "there is no device \(RegistryNames.shown(name)): see varve device list, or create it")
    }
}
