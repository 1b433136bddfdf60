// Deletion.swift — what a command asks the service to delete.

public import VarveModel

/// The points of a device and the times whose samples are to be deleted.
public struct DeletionOrder: Hashable, Sendable {
    /// The key of the product.
    public var product: String
    /// The key of the device.
    public var device: String
    /// The measurement points of the device; empty for all.
    public var points: [String]
    /// The half-open range of times.
    public var range: TimeRange

    /// Makes an order to delete samples of a device.
    public init(product: String, device: String, points: [String], range: TimeRange) {
        self.product = product
        self.device = device
        self.points = points
        self.range = range
    }
}
