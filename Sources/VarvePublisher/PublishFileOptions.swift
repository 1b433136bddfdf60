// PublishFileOptions.swift — how an input is read, and where its journal and rejected rows are.

import VarveCodec
public import VarveModel
import VarveText
public import VarveTransfer

/// The options of sending one input.
public struct PublishFileOptions: Sendable {
    /// How the input is read; options of registering and committing have no effect.
    public var reading = ImportOptions()
    /// Knows the types of points; nil: the text of each value decides (see `Publisher`).
    public var types: (any PointDirectory)?
    /// The path of the journal; nil: the input's path with `.publish-journal` added.
    public var journalPath: String?
    /// The path of the rejected rows; nil: the input's path with `.rejected.csv` added.
    public var rejectedPath: String?
    /// The folder of temporary copies of standard input and pipes; it must exist.
    public var spoolFolder = "/var/tmp"
    /// Whether everything is sent again and the journal's records are ignored; default false.
    public var sendsAgain = false

    /// Makes the default options.
    public init() {}

    /// The hash of the target and of everything that messages depend on besides the input.
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
        // A zone is hashed by its offsets from 1970 to 2070.
        for fortnight in 0..<Int64(26 * 100) {
            writer.appendSigned(
                Int64((local.zone ?? FixedZone()).offsetSeconds(atUTC: fortnight * 14 * 86_400)))
        }
        return writer.bytes.withUnsafeBytes { Hasher128.hash($0) }
    }
}
