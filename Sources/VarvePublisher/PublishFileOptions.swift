// PublishFileOptions.swift — how an input is read, and where its journal is.

import VarveCodec
public import VarveModel
public import VarveTransfer

/// The options of sending one input.
public struct PublishFileOptions: Sendable {
    /// The columns of a CSV file other than time, device, product and quality are points.
    public var isWide = false
    /// Columns that mean nothing here are passed over instead of being an error.
    public var ignoresColumns = false
    /// The unit of integer times; nil: told from all rows.
    public var timeUnit: TimeUnit?
    /// The zone of times that carry no offset.
    public var zone: any ZoneRules = FixedZone()
    /// The format.
    public var format = InputFormat.auto
    /// Knows the types of points; nil: each value's text tells (see `Publisher`).
    public var types: (any PointDirectory)?
    /// The journal; nil: the input's path with `.publish-journal` added.
    public var journalPath: String?
    /// Where rejected rows go; nil: the input's path with `.rejected.csv` added.
    public var rejectedPath: String?
    /// Where the bytes of standard input and pipes wait; it must exist.
    public var spoolFolder = "/var/tmp"
    /// Sends everything, whatever the journal says.
    public var sendsAgain = false

    /// What was said of the form of the input, for the file of rejected rows; the caller has applied it.
    public var said: [SaidOption] = []

    /// Makes the default options.
    public init() {}

    /// As an import would read the input.
    var reading: ImportOptions {
        var options = ImportOptions()
        options.isWide = isWide
        options.ignoresColumns = ignoresColumns
        options.timeUnit = timeUnit
        options.zone = zone
        options.format = format
        options.said = said
        return options
    }

    /// The hash of all that messages depend on beside the input, and of where they go.
    func plan(_ target: PublisherOptions) -> Hash128 {
        var writer = ByteWriter()
        for text in [target.product, target.host, format.rawValue, timeUnit?.name ?? ""] {
            writer.append(text: text)
        }
        writer.append(target.port)
        writer.appendVarint(UInt64(target.rowsPerBatch))
        writer.appendVarint(UInt64(target.bytesPerBatch))
        for flag in [isWide, ignoresColumns, types != nil] { writer.append(UInt8(flag ? 1 : 0)) }
        // A zone has no name here, so its offsets from 1970 to 2070 stand for it.
        for fortnight in 0..<Int64(26 * 100) {
            writer.appendSigned(Int64(zone.offsetSeconds(atUTC: fortnight * 14 * 86_400)))
        }
        return writer.bytes.withUnsafeBytes { Hasher128.hash($0) }
    }
}
