// Deletion.swift — what a command asks the service to delete, and what the service deleted.

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

/// What a deletion in the service did.
public struct DeletionCounts: Hashable, Sendable {
    /// The series that had samples in the range.
    public var series: UInt64 = 0
    /// The samples that were deleted.
    public var samples: UInt64 = 0
    /// The number of the commit that deleted them.
    public var commit: UInt64 = 0
    /// The time of the first deleted sample; nil if there were none.
    public var from: Timestamp?
    /// The time of the last deleted sample; nil if there were none.
    public var to: Timestamp?

    /// Makes counts that are all 0.
    public init() {}
}
