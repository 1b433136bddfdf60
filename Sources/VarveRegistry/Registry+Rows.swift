// Registry+Rows.swift — create, list, show and delete models, products and devices.
//
// Invariants:
// - Nothing is deleted that another row refers to: a model with products and a product with devices stay.
// - Deleting a device leaves its history in the store alone.

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
