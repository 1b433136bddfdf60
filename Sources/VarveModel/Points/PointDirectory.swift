// PointDirectory.swift — the registry as importers and channels see it.
//
// VarveRegistry implements it; VarveTransfer and VarveIntegration see only the protocol.

/// A measurement point of a registered device.
public struct RegisteredPoint: Hashable, Sendable {
    /// The series in which its samples are stored; its point has another name than the row if a policy renames it.
    public var key: SeriesKey
    /// The type of its values.
    public var type: ValueType
    /// The product's rule for two values at the same time.
    public var policy: DuplicatePolicy
    /// The data type that the model gives it; nil if the model says no more than `type`.
    ///
    /// The `storedType` of the rule is `type`; the value of an attribute is kept as JSON, whatever its rule.
    public var rule: ValueRule?
    /// What the product's policy does to its values; nil for nothing.
    public var processing: ValueProcessing?
    /// The data type that the model gives the point of `key`, if a policy renames this one to it; else nil.
    ///
    /// The values must fit it after the processing.
    public var storedRule: ValueRule?
    /// Identifies the latest change of the product's policy that concerned what this point stores; 0 if there never was
    /// one.
    public var policyMark: UInt64

    /// Makes a description.
    public init(
        key: SeriesKey, type: ValueType, policy: DuplicatePolicy, rule: ValueRule? = nil,
        processing: ValueProcessing? = nil, storedRule: ValueRule? = nil, policyMark: UInt64 = 0
    ) {
        self.key = key
        self.type = type
        self.policy = policy
        self.rule = rule
        self.processing = processing
        self.storedRule = storedRule
        self.policyMark = policyMark
    }
}

/// The result of looking up a point by its names.
public enum PointLookup: Hashable, Sendable {
    /// The point is registered.
    case found(RegisteredPoint)
    /// The point is registered, and the product's policy does not store it: its samples are counted as skipped.
    case notStored(RegisteredPoint)
    /// The point is registered, and its line of the product's policy does not fit its type, or the type of the point that
    /// it is renamed to: no sample of it can be taken. The reason is a clause that names product and line.
    case unfit(RegisteredPoint, reason: String)
    /// The product does not exist.
    case unknownProduct(String)
    /// The named product, or without a named product every product, lacks the device.
    case unknownDevice(String)
    /// The device key exists in several products; the row must name one.
    case ambiguousDevice(String, products: [String])
    /// The device exists in this product, but the product's model lacks the point.
    case unknownPoint(String, product: String, model: String)
}

/// The devices and points that an import with `--register` needs.
public struct Registration: Hashable, Sendable {
    /// A device that must exist.
    public struct Device: Hashable, Sendable {
        /// The product the device belongs to.
        public var product: String
        /// The `deviceKey`.
        public var device: String

        /// Names a device.
        public init(product: String, device: String) {
            self.product = product
            self.device = device
        }

        /// Whether both names have the same bytes.
        public static func == (left: Device, right: Device) -> Bool {
            left.product.sameBytes(as: right.product) && left.device.sameBytes(as: right.device)
        }

        /// Hashes the bytes of both names.
        public func hash(into hasher: inout Hasher) {
            product.hashBytes(into: &hasher)
            device.hashBytes(into: &hasher)
        }
    }

    /// A point that the product's model must have.
    public struct Point: Hashable, Sendable {
        /// The product whose model must have the point.
        public var product: String
        /// The `pointId`.
        public var point: String
        /// The type of the point if it is created; an existing point keeps its own type.
        public var type: ValueType

        /// Names a point.
        public init(product: String, point: String, type: ValueType) {
            self.product = product
            self.point = point
            self.type = type
        }

        /// Whether both names have the same bytes and the types are the same.
        public static func == (left: Point, right: Point) -> Bool {
            left.product.sameBytes(as: right.product) && left.point.sameBytes(as: right.point)
                && left.type == right.type
        }

        /// Hashes the bytes of both names.
        public func hash(into hasher: inout Hasher) {
            product.hashBytes(into: &hasher)
            point.hashBytes(into: &hasher)
        }
    }

    /// The devices.
    public var devices: [Device] = []
    /// The points.
    public var points: [Point] = []

    /// Makes an empty registration.
    public init() {}
}

/// What models could not take of the points, events and attributes that were declared.
public struct DeclinedNames: Hashable, Sendable {
    /// Names that the model of their product does not have now, each with the reason, a clause.
    public var reasons: [Name: String] = [:]
    /// Whether a model can take no further name until it is changed, because it has as many as it may have or takes
    /// declared ones only.
    public var isClosed = false

    /// Nothing was declined.
    public init() {}
}

/// The zone in which local times of a device were read.
public struct DeviceZone: Hashable, Sendable {
    /// The product the device belongs to; empty if only the device key is known.
    public var product: String
    /// The `deviceKey`.
    public var device: String
    /// The zone's name.
    public var zone: String

    /// Names a device and a zone.
    public init(product: String, device: String, zone: String) {
        self.product = product
        self.device = device
        self.zone = zone
    }
}

/// What a gateway that logs in a sub-device is held against.
public struct DeviceLogin: Hashable, Sendable {
    /// The `deviceSecret`; it goes into no answer and no log.
    public var secret: String
    /// The `assetId`, if the device has one.
    public var assetID: String?

    /// Describes a device.
    public init(secret: String, assetID: String? = nil) {
        self.secret = secret
        self.assetID = assetID
    }
}

/// Resolves the names in rows and messages.
///
/// Every method throws the error of its implementation, such as `RegistryError`, if the registry cannot be read.
public protocol PointDirectory: AnyObject, Sendable {
    /// Finds the point that a row names.
    ///
    /// - Parameters:
    ///   - product: The product that the row or the command names; nil: the device key alone must identify the device.
    ///   - device: The `deviceKey`.
    ///   - point: The `pointId`.
    func lookUp(product: String?, device: String, point: String) throws -> PointLookup

    /// What becomes of a point under its product's policy, for a point that is not registered yet.
    ///
    /// The answer is `found`, `notStored` or `unfit`.
    func underPolicy(_ point: RegisteredPoint) throws -> PointLookup

    /// A number that is another one after a policy was changed.
    ///
    /// Cost: one small query.
    func policyVersion() throws -> UInt64

    /// How the messages of a product are taken; nil if the product does not exist.
    func settings(ofProduct product: String) throws -> ProductSettings?

    /// The login of a device; nil if the product does not exist or lacks the device.
    ///
    /// Cost: one small query.
    func login(ofDevice device: String, product: String) throws -> DeviceLogin?

    /// The zone that a device is registered with; nil if the device has no zone or is unknown.
    ///
    /// - Parameters:
    ///   - product: The product that the row or the command names; nil: the device key alone must identify the device.
    ///   - device: The `deviceKey`.
    func timeZone(product: String?, device: String) throws -> String?

    /// The model that a product uses; nil if the product does not exist.
    func model(ofProduct product: String) throws -> String?

    /// Whether the model of a product has a point; false if the product does not exist.
    func hasPoint(_ point: String, product: String) throws -> Bool

    /// Compares the zones in which local times of devices were read with those of earlier imports.
    ///
    /// - Parameters:
    ///   - zones: Devices with their zones; an empty product means the one that has the device.
    ///   - remembers: Whether these zones replace the earlier ones.
    /// - Returns: The devices whose local times an earlier import read in another zone, with that zone.
    func noteZones(_ zones: [DeviceZone], remembers: Bool) throws -> [DeviceZone]

    /// Looks for changes by others; returns a number that differs from the last one if any answer may have changed.
    ///
    /// Cost: one small query; call it once for each group of messages. A caller that caches answers drops them when the
    /// number changes.
    func generation() throws -> UInt64

    /// Creates missing products (each with a model of the same name), points and devices in one transaction.
    ///
    /// Existing products, points and devices stay as they are.
    ///
    /// - Returns: The number of models, products, points and devices created.
    /// - Throws: Also if a name is not allowed; nothing is created then.
    @discardableResult
    func register(_ registration: Registration) throws -> Int

    /// Adds points, events and attributes to the models of products that take what they do not declare.
    ///
    /// All that the models can take are added in one transaction. Those that exist stay as they are.
    ///
    /// - Returns: What the models cannot take.
    func declare(_ points: [Registration.Point]) throws -> DeclinedNames
}

extension PointDirectory {
    /// The point as it is, for a directory without policies.
    public func underPolicy(_ point: RegisteredPoint) throws -> PointLookup { .found(point) }

    /// Always 0, for a directory without policies.
    public func policyVersion() throws -> UInt64 { 0 }

    /// Registers them, for a directory without limits.
    public func declare(_ points: [Registration.Point]) throws -> DeclinedNames {
        var registration = Registration()
        registration.points = points
        _ = try register(registration)
        return DeclinedNames()
    }

    /// Nil, for a directory without logins.
    public func login(ofDevice device: String, product: String) throws -> DeviceLogin? { nil }

    /// The defaults for each product that has a model.
    public func settings(ofProduct product: String) throws -> ProductSettings? {
        try model(ofProduct: product).map { _ in ProductSettings() }
    }
}
