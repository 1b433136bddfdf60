// SeriesKey.swift — the name of a series: one point of one device of one product.
//
// Invariants:
// - Two names are the same if their UTF-8 bytes are the same (see Name.swift).

/// The name of a series: (productKey, deviceKey, pointId).
public struct SeriesKey: Hashable, Comparable, Sendable {
    /// The `productKey`; `deviceKey`s are unique within it.
    public var product: String
    /// The `deviceKey`.
    public var device: String
    /// The `pointId`, a measurement point of the product's model.
    public var point: String

    /// Makes a key from its three names.
    public init(product: String, device: String, point: String) {
        self.product = product
        self.device = device
        self.point = point
    }

    /// The longest product, device or point name, in UTF-8 bytes; readers of input refuse longer names.
    public static let maximumNameBytes = 1024

    /// Whether all three names have the same bytes.
    public static func == (left: SeriesKey, right: SeriesKey) -> Bool {
        left.point.sameBytes(as: right.point) && left.device.sameBytes(as: right.device)
            && left.product.sameBytes(as: right.product)
    }

    /// Hashes the bytes of the three names.
    public func hash(into hasher: inout Hasher) {
        product.hashBytes(into: &hasher)
        device.hashBytes(into: &hasher)
        point.hashBytes(into: &hasher)
    }

    /// Orders by device, point, product: the order in which query and export print rows.
    ///
    /// Names are compared by their Unicode scalars, so the order does not depend on a locale.
    public static func < (left: SeriesKey, right: SeriesKey) -> Bool {
        if !left.device.sameBytes(as: right.device) {
            return left.device.unicodeScalars.lexicographicallyPrecedes(right.device.unicodeScalars)
        }
        if !left.point.sameBytes(as: right.point) {
            return left.point.unicodeScalars.lexicographicallyPrecedes(right.point.unicodeScalars)
        }
        return left.product.unicodeScalars.lexicographicallyPrecedes(right.product.unicodeScalars)
    }
}
