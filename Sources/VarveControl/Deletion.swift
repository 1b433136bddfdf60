// Deletion.swift — what a command asks the service to delete, and what came of it.

public import VarveModel

/// Points of a device, and the times whose samples are to go.
public struct DeletionOrder: Hashable, Sendable {
    /// The key of the product.
    public var product: String
    /// The key of the device.
    public var device: String
    /// Its measurement points; all if there are none.
    public var points: [String]
    /// The half-open range of times.
    public var range: TimeRange

    /// Makes an order.
    public init(product: String, device: String, points: [String], range: TimeRange) {
        self.product = product
        self.device = device
        self.points = points
        self.range = range
    }
}

/// What a deletion in the service did.
public struct DeletionCounts: Hashable, Sendable {
    /// Series that had samples in the range.
    public var series: UInt64 = 0
    /// Samples that are gone.
    public var samples: UInt64 = 0
    /// The commit from which on they are.
    public var commit: UInt64 = 0
    /// The time of the first of them.
    public var from: Timestamp?
    /// The time of the last of them.
    public var to: Timestamp?

    /// Makes counts of nothing.
    public init() {}
}
