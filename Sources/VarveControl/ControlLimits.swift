// ControlLimits.swift — all bounds of conversations over `control.sock`, for both ends.

/// Sizes that no message exceeds.
enum ControlLimits {
    /// The version of the protocol.
    ///
    /// Both ends must have the same.
    static let version: UInt16 = 6
    /// The first bytes of a greeting.
    static let magic = Array("VARVECTL".utf8)
    /// The most bytes of a frame before the greeting is complete.
    static let greetingBytes = 512
    /// The most bytes of a frame: one piece of columns, or the largest text with the fields around it.
    static let frameBytes = textBytes + (2 << 20)
    /// The most rows of one piece of a series.
    static let pieceRows = 32_768
    /// The bytes of rows after which a frame is sent.
    static let pieceBytes = 1 << 20
    /// The most rows of a batch: the engine's limit.
    static let batchRows = 8 << 20
    /// The most series of a batch.
    static let batchSeries = 1 << 20
    /// The most bytes of all texts of a batch.
    static let batchTextBytes = 128 << 20
    /// The most bytes of all names of a batch.
    static let batchNameBytes = 128 << 20
    /// The most bytes of one text: the engine's limit.
    static let textBytes = 16 << 20
    /// The most points in an order to delete.
    static let deletedPoints = 8192
    /// The most lists of missing values in an order to change a type.
    static let missingLists = 1024
    /// The most bytes of the text of a rule.
    static let ruleBytes = 1 << 17
    /// The most bytes of the reason of a failure, and of other lines for people.
    static let lineBytes = 4096
    /// The most bytes of the text of all metrics.
    static let metricsBytes = 1 << 20

    /// A text as a line for people: line breaks become spaces, and what is beyond `lineBytes` is cut off.
    static func line(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        guard line.utf8.count > lineBytes else { return line }
        return String(decoding: line.utf8.prefix(lineBytes - 8), as: UTF8.self) + "…"
    }
}

/// How long one end waits for the other.
public struct ControlTimes: Hashable, Sendable {
    /// The seconds within which a frame must be complete once it has begun, and the other end must accept a
    /// frame.
    public var frame = 30.0
    /// The seconds that a command may be silent between two requests before the service closes the
    /// connection.
    public var idle = 600.0
    /// The seconds between two signs of life while a request is carried out.
    public var sign = 1.0
    /// The seconds without an answer or a sign of life after which a command considers the service gone.
    public var silence = 20.0
    /// The seconds that a command waits for the connection and the greeting.
    public var greeting = 2.0

    /// Makes the default times.
    public init() {}
}
