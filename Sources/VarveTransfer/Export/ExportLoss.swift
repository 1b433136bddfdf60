// ExportLoss.swift — what a text file cannot hold, and why an export is refused for it.

public import VarveModel
public import VarveText

/// Something that an exported file would lose; it refuses the export unless the caller allows it.
public enum ExportLoss: String, CaseIterable, Hashable, Sendable {
    /// The sign and payload of a NaN: every NaN is written as `NaN`.
    case nanPayload = "nan-payload"
    /// Samples with neither value nor quality: import skips such rows.
    case emptySample = "empty-sample"
    /// Rows longer than 1 MiB, which import rejects.
    case longRow = "long-row"

    /// What would be lost, as half a sentence.
    var text: String {
        switch self {
        case .nanPayload: "a NaN whose sign or payload no text holds"
        case .emptySample: "a sample with neither value nor quality, which import passes over"
        case .longRow:
            "a sample that makes a row of more than \(RowReader.maximumRowBytes) bytes, which import rejects"
        }
    }
}

/// Why an export cannot be done.
public enum ExportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's name ends like that of a packed file, and exports are not packed.
    case packedName(path: String)
    /// The requested form of times would cut digits off a time.
    case timeCut(Timestamp, TimeForm, SeriesKey)
    /// A sample would not come back from the file as it is.
    case loss(ExportLoss, series: SeriesKey, time: Timestamp)
    /// A point has series of several types, which one file cannot tell apart.
    case twoTypes(product: String, point: String, types: [ValueType])

    /// One line: what, where and what to do.
    public var description: String {
        switch self {
        case .timeCut(let time, _, let key):
            "the time \(time) of \(key.device)/\(key.point) has more digits than asked for"
        case .packedName(let path):
            "cannot write \(path) packed; leave out the ending, or export to - and pipe it through gzip or zstd"
        case .loss(let loss, let series, let time):
            "point \(series.point) of device \(series.device) has \(loss.text), at \(time); "
                + "export with --allow-loss \(loss.rawValue) to have it lost"
        case .twoTypes(let product, let point, let types):
            "point \(point) of product \(product) is \(types.map(\.name).joined(separator: " and ")), each for "
                + "some devices, and a file has one type for a point; export the devices apart with --device"
        }
    }
}
