// ControlLimits.swift — every bound of the talk over `control.sock`, for both ends.

/// Sizes that no message goes beyond.
package enum ControlLimits {
    /// The version of the protocol; both ends must have the same.
    package static let version: UInt16 = 5
    /// The first bytes of a greeting.
    package static let magic = Array("VARVECTL".utf8)
    /// Bytes of a frame before the greeting is done.
    package static let greetingBytes = 512
    /// Bytes of one frame: one piece of columns, or the largest text with what stands around it.
    package static let frameBytes = textBytes + (2 << 20)
    /// Rows of one piece of a series.
    package static let pieceRows = 32_768
    /// Bytes of rows after which a frame is sent.
    package static let pieceBytes = 1 << 20
    /// Rows of a batch: the engine's limit.
    package static let batchRows = 8 << 20
    /// Series of a batch.
    package static let batchSeries = 1 << 20
    /// Text bytes of a batch's values.
    package static let batchTextBytes = 128 << 20
    /// Bytes of a batch's names.
    package static let batchNameBytes = 128 << 20
    /// Text bytes of one value: the engine's limit.
    package static let textBytes = 16 << 20
    /// Points that one order to delete names.
    package static let deletedPoints = 8192
    /// Lists of values that one order to change a type names as missing.
    package static let missingLists = 1024
    /// Bytes of the reason of a failure and of other lines for people.
    package static let lineBytes = 4096
    /// Bytes of the text of all metrics.
    package static let metricsBytes = 1 << 20
}

/// How long one end waits for the other.
public struct ControlTimes: Hashable, Sendable {
    /// Seconds in which a frame that has begun must be complete, and a frame must be taken by the other end.
    public var frame = 30.0
    /// Seconds that a command may be silent between two requests before the service closes the connection.
    public var idle = 600.0
    /// Seconds between two signs of life while a request is carried out.
    public var sign = 1.0
    /// Seconds without an answer or a sign of life after which a command takes the service for gone.
    public var silence = 20.0
    /// Seconds a command waits for the connection and the greeting.
    public var greeting = 2.0

    /// Makes the default times.
    public init() {}
}
