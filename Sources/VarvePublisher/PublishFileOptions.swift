// PublishFileOptions.swift — how an input is read, and where its journal is.

import VarveCodec
public import VarveModel
import VarveText
public import VarveTransfer

/// The options of sending one input.
public struct PublishFileOptions: Sendable {
    /// How an import would read the input; what its options say of the store means nothing here.
    public var reading = ImportOptions()
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

    /// Makes the default options.
    public init() {}

    /// The hash of all that messages depend on beside the input, and of where they go.
    func plan(_ target: PublisherOptions) -> Hash128 {
        var writer = ByteWriter()
        let local = reading.local
        let texts =
            [
                target.product, target.host, reading.format.rawValue, reading.timeUnit?.name ?? "",
                reading.encoding.rawValue, local.zoneColumn ?? "", local.repeatedHour.rawValue,
                local.missingHour.rawValue,
            ] + reading.missing.texts
        for text in texts { writer.append(text: text) }
        writer.append(target.port)
        writer.appendVarint(UInt64(target.rowsPerBatch))
        writer.appendVarint(UInt64(target.bytesPerBatch))
        for flag in [reading.isWide, reading.ignoresColumns, types != nil, local.zone != nil] {
            writer.append(UInt8(flag ? 1 : 0))
        }
        // A zone has no name here, so its offsets from 1970 to 2070 stand for it.
        for fortnight in 0..<Int64(26 * 100) {
            writer.appendSigned(
                Int64((local.zone ?? FixedZone()).offsetSeconds(atUTC: fortnight * 14 * 86_400)))
        }
        return writer.bytes.withUnsafeBytes { Hasher128.hash($0) }
    }
}
