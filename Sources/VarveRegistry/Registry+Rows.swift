// Registry+Rows.swift — creates, lists, shows and deletes models, products and devices.
//
// Invariants:
// - A row that another row refers to cannot be deleted: a model with products, a product with devices.
// - Deleting a device does not touch its history in the store.

public import VarveModel

extension Registry {
    /// Creates a model with its points, events and attributes.
    ///
    /// - Throws: `invalid` for a name or rule against the rules, or a repeated point; `full` for too many; `exists` if
    ///   the id is taken.
    public func create(_ model: Model) throws {
        try change { try $0.insert(model) }
    }

    /// Changes the type of a point, after `convert` has changed its stored values.
    ///
    /// If `convert` succeeds and the rest fails, the same call again finishes the change: `convert` then
    /// finds nothing to do.
    ///
    /// - Parameters:
    ///   - type: The new type. The type that the point already has is not an error.
    ///   - rule: The rule for the values of messages from then on; nil for all of the type.
    ///   - convert: Changes the stored values in the given products. It returns when that is durable.
    /// - Returns: What `convert` returned.
    /// - Throws: `notFound` if there is no such model or point; `inUse` if a policy renames the point or changes its
    ///   values, or stores a point of another type under its name; `busy` if the model got or lost a product meanwhile; what `convert` throws, and then nothing is changed here.
    public func changeType<Result>(
        ofPoint point: String, inModel model: String, to type: ValueType, rule: ValueRule? = nil,
        convert: (_ products: [String]) throws -> Result
    ) throws -> Result {
        let products = try self.products(ofModel: model, withPoint: point)
        try checkPolicies(of: products, before: point, becomes: type)
        let result = try convert(products)
        do {
            try change { change in
                guard try change.reading.products(of: model) == products else {
                    throw RegistryError(
                        .busy, "the products of model \(RegistryNames.shown(model)) were changed meanwhile")
                }
                try change.setType(ofPoint: point, inModel: model, to: type, rule: rule)
            }
        } catch let error as RegistryError {
            throw RegistryError(
                error.code,
                "the values are converted, the registry is not changed yet; run the same command again to finish it: "
                    + error.message)
        }
        return result
    }

    /// The keys of the products of a model, which must have the given point.
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
            try reading.modelRows().map(reading.completed)
        }
    }

    /// The model of an id.
    ///
    /// - Throws: `notFound` if there is no such model.
    public func model(_ id: String) throws -> Model {
        try read { reading in
            guard let model = try reading.model(id) else { throw Self.noModel(id) }
            return model
        }
    }

    /// Deletes a model that no product uses.
    ///
    /// - Returns: The model before it was deleted.
    /// - Throws: `notFound` if there is no such model; `inUse` if a product uses it.
    @discardableResult
    public func deleteModel(_ id: String) throws -> Model {
        try change { try $0.deleteModel(id) }
    }

    /// Creates a product of an existing model.
    ///
    /// - Throws: `invalid` for a name against the rules; `exists` if the key is taken; `notFound` if there is
    ///   no such model.
    public func create(_ product: Product) throws {
        try change { try $0.insert(product) }
    }

    /// All products, by key.
    public func products() throws -> [Product] {
        try read { try $0.products() }
    }

    /// The product of a key.
    ///
    /// - Throws: `notFound` if there is no such product.
    public func product(_ key: String) throws -> Product {
        try read { reading in
            guard let product = try reading.product(key) else { throw Self.noProduct(key) }
            return product
        }
    }

    /// Deletes a product that has neither devices nor a channel.
    ///
    /// - Returns: The product before it was deleted.
    /// - Throws: `notFound` if there is no such product; `inUse` if it has devices or a channel.
    @discardableResult
    public func deleteProduct(_ key: String) throws -> Product {
        try change { try $0.deleteProduct(key) }
    }

    /// Creates a device of an existing product.
    ///
    /// - Throws: `invalid` for a name against the rules; `exists` if the product has the key; `notFound` if
    ///   there is no such product.
    public func create(_ device: Device) throws {
        try change { try $0.insert(device) }
    }

    /// All devices, or those of one product, by product and key.
    ///
    /// - Throws: `notFound` if there is no such product.
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
    /// A device key may contain a `/`. If a name can be read both ways, it is read as qualified, so that
    /// every device can be named.
    ///
    /// - Throws: `notFound`; `ambiguous` if several products have the bare key.
    public func device(named name: String) throws -> Device {
        try read { try $0.device(named: name) }
    }

    /// The device keys that more than one product has.
    ///
    /// Such devices are printed as `productKey/deviceKey`.
    public func ambiguousDeviceKeys() throws -> Set<Name> {
        try read { Set(try $0.ambiguousDeviceKeys().map { Name($0) }) }
    }

    /// One of some devices that does not exist; nil if all do.
    ///
    /// Cost: one query for each device.
    public func firstMissing(of devices: Set<Registration.Device>) throws -> Registration.Device? {
        try read { reading in
            try devices.first { try reading.device($0.device, of: $0.product) == nil }
        }
    }

    /// Deletes a device, but not its history in the store.
    ///
    /// - Parameter name: As in `device(named:)`.
    /// - Returns: The device before it was deleted.
    /// - Throws: `notFound`; `ambiguous` if several products have the bare key.
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
