// PointDirectory.swift — what importers and channels ask the registry.
//
// VarveRegistry implements it; VarveTransfer and VarveIntegration see only the protocol.

/// A measurement point of a registered device.
public struct RegisteredPoint: Hashable, Sendable {
    /// The series of the point.
    public var key: SeriesKey
    /// The type of its values.
    public var type: ValueType
    /// The product's rule for two values at the same time.
    public var policy: DuplicatePolicy

    /// Makes a description.
    public init(key: SeriesKey, type: ValueType, policy: DuplicatePolicy) {
        self.key = key
        self.type = type
        self.policy = policy
    }
}

/// The answer to "which point is that?".
public enum PointLookup: Hashable, Sendable {
    /// It is registered.
    case found(RegisteredPoint)
    /// There is no such product.
    case unknownProduct(String)
    /// No product, or not the one asked for, has this device.
    case unknownDevice(String)
    /// The bare device key exists in these products; the row must name one.
    case ambiguousDevice(String, products: [String])
    /// The device is there, in this product, whose model has no such point.
    case unknownPoint(String, product: String, model: String)
}

/// Everything an import with `--register` wants to exist.
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
        /// The type it gets if the model does not have it yet; an existing point keeps its own.
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

/// The zone in which local times of a device were read.
public struct DeviceZone: Hashable, Sendable {
    /// The product the device belongs to; empty where the device key alone must do.
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

/// Resolves the names in rows and messages.
public protocol PointDirectory: AnyObject, Sendable {
    /// Finds the point that a row names.
    ///
    /// - Parameters:
    ///   - product: The product the row or the command names, or nil: then the device key alone must do.
    ///   - device: The `deviceKey`.
    ///   - point: The `pointId`.
    func lookUp(product: String?, device: String, point: String) throws -> PointLookup

    /// The zone that a device is registered with, or nil if it has none or is not known.
    ///
    /// - Parameters:
    ///   - product: The product the row or the command names, or nil: then the device key alone must do.
    ///   - device: The `deviceKey`.
    func timeZone(product: String?, device: String) throws -> String?

    /// The model that a product uses, or nil if there is no such product.
    func model(ofProduct product: String) throws -> String?

    /// Whether the model of a product has a point; false if there is no such product.
    func hasPoint(_ point: String, product: String) throws -> Bool

    /// Compares the zones in which local times of devices were read with those of earlier imports.
    ///
    /// - Parameters:
    ///   - zones: Devices with their zones; an empty product means the one that has the device.
    ///   - remembers: Whether these zones take the place of the earlier ones.
    /// - Returns: The devices whose local times an earlier import read in another zone, with that zone.
    func noteZones(_ zones: [DeviceZone], remembers: Bool) throws -> [DeviceZone]

    /// Looks for changes that others made and returns a number that differs from the last one if any answer may
    /// have changed since.
    ///
    /// Cost: one small query; call it once for each group of messages. Who keeps answers drops them when the
    /// number changes.
    func generation() throws -> UInt64

    /// Creates what is missing of products (with a model of the same name), points and devices, in one
    /// transaction; what exists stays as it is.
    ///
    /// - Returns: How many models, products, points and devices were created.
    @discardableResult
    func register(_ registration: Registration) throws -> Int
}
