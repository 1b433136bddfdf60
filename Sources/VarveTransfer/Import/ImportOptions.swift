// ImportOptions.swift — what the caller of an import decides.

public import VarveModel

/// The format of a file's rows.
public enum InputFormat: String, CaseIterable, Sendable {
    /// Found from the file's name, else from its first byte: `{` means NDJSON.
    case auto
    /// Comma-separated values with a header (RFC 4180).
    case csv
    /// One JSON object per line.
    case ndjson
}

/// The options of an import.
public struct ImportOptions: Sendable {
    /// The product of rows that name none; nil: the device key alone must identify the device (with `registers`, an
    /// unknown device is created in the product `default`).
    public var product: String?
    /// Whether missing products, points and devices are created before the first row is committed; default false.
    public var registers = false
    /// Whether batches are applied even if the same content was committed before; default false.
    public var reapplies = false
    /// Whether the import only counts what it would do and changes nothing; default false.
    public var isDryRun = false
    /// Whether the columns of a CSV file other than time, device, product and quality are points; default false.
    public var isWide = false
    /// Whether unknown columns are passed over instead of being an error; default false.
    public var ignoresColumns = false
    /// The unit of integer times; nil: found from all rows.
    public var timeUnit: TimeUnit?
    /// How times without an offset are read.
    public var local = LocalTimeOptions()
    /// The encoding of the text.
    public var encoding = TextEncoding.utf8
    /// Words and numbers that count as no reading.
    ///
    /// Their rows are skipped; with a quality they become samples without a value.
    public var missing = MissingReadings()
    /// The types of points that `registers` creates, by point name.
    ///
    /// The types of other new points follow from their values.
    public var types: [Name: ValueType] = [:]
    /// The format of the rows; found from the file by default.
    public var format = InputFormat.auto
    /// The options of the command line that describe the input's form.
    ///
    /// They are written into the file of rejected rows; the caller has already applied them.
    public var givenOptions: [GivenOption] = []

    /// Makes the default options.
    public init() {}

    /// The product that `registers` creates if neither an option nor a row names one.
    public static let defaultProduct = "default"
}
