// ImportOptions.swift — what the caller of an import decides.

public import VarveModel

/// How a file's rows are written down.
public enum InputFormat: String, CaseIterable, Sendable {
    /// Told by the file's name, else by its first byte: `{` means NDJSON.
    case auto
    /// Comma-separated values with a header (RFC 4180).
    case csv
    /// One JSON object a line.
    case ndjson
}

/// The options of an import.
public struct ImportOptions: Sendable {
    /// The product of rows that name none; nil: the device key alone must do (or `default` with `registers`).
    public var product: String?
    /// Creates missing products, points and devices from the whole input first.
    public var registers = false
    /// Applies batches even if the same content was committed before.
    public var reapplies = false
    /// Changes nothing, and counts what an import would do.
    public var isDryRun = false
    /// The columns of a CSV file other than time, device, product and quality are points.
    public var isWide = false
    /// Columns that mean nothing here are passed over instead of being an error.
    public var ignoresColumns = false
    /// The unit of integer times; nil: told from all rows.
    public var timeUnit: TimeUnit?
    /// How times without an offset are read.
    public var local = LocalTimeOptions()
    /// The encoding of the text.
    public var encoding = TextEncoding.utf8
    /// Words and numbers that are no readings: skipped, or kept as samples without a value where the row has a quality.
    public var missing = MissingReadings()
    /// The types of points that `registers` creates, by name; the values tell those of all others.
    public var types: [String: ValueType] = [:]
    /// The format.
    public var format = InputFormat.auto
    /// What was said of the form of the input, for the file of rejected rows; the caller has applied it.
    public var said: [SaidOption] = []

    /// Makes the default options.
    public init() {}

    /// The product that `registers` creates where neither an option nor a row names one.
    public static let defaultProduct = "default"
}
