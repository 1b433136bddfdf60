// RowWriter.swift — what every format of query results implements.

import VarveModel
import VarveQuery
import VarveStorage
import VarveText

/// The columns of the rows; the first are device, the name of what is shown, and time.
enum RowColumns: Hashable {
    /// Value and quality of each sample.
    case samples
    /// One column for each aggregate.
    case aggregates([Aggregate])
    /// The content of each occurrence of an event.
    case occurrences
    /// The value of an attribute.
    case attributes

    /// The header of all columns.
    var names: [String] {
        switch self {
        case .samples: ["device", "point", "time", "value", "quality"]
        case .aggregates(let aggregates): ["device", "point", "time"] + aggregates.map(\.rawValue)
        case .occurrences: ["device", "event", "time", "content"]
        case .attributes: ["device", "attribute", "time", "value"]
        }
    }
}

/// A series as rows show it.
struct PrintedSeries: Equatable {
    /// The device's name as it is printed: `product/device` where the bare key is ambiguous.
    var device: String
    /// The `pointId`, or the id of the event or attribute.
    var point: String
    /// The type of the values.
    var type: ValueType

    /// Whether both names have the same bytes and the types are the same.
    static func == (left: PrintedSeries, right: PrintedSeries) -> Bool {
        left.point.sameBytes(as: right.point) && left.device.sameBytes(as: right.device)
            && left.type == right.type
    }
}

/// Writes the rows of a query: `begin`, rows, `end`.
///
/// Every call throws the errors of writing the output.
protocol RowWriter {
    /// Writes what comes before the first row.
    mutating func begin() throws
    /// Writes the first `count` samples as rows.
    mutating func write(_ samples: SampleColumns, count: Int, of series: PrintedSeries) throws
    /// Writes a row of one value for each column after the time: aggregates, a content, or an attribute's value.
    mutating func write(_ row: AggregateRow, of series: PrintedSeries) throws
    /// Writes what comes after the last row and flushes.
    mutating func end() throws
}

/// The formats of query results.
enum RowFormat: String, CaseIterable {
    case table, csv, ndjson, json

    /// The writer of the format.
    ///
    /// - Parameters:
    ///   - zone: The zone of the times in a table.
    ///   - times: The form of times in the other formats.
    func writer(
        _ columns: RowColumns, to output: OutputBuffer, zone: (any ZoneRules)?, times: TimeForm = .shortest
    ) -> any RowWriter {
        switch self {
        case .table: TableRows(columns, to: output, zone: zone)
        case .csv: CSVRows(columns, to: output, times: times)
        case .ndjson: JSONRows(columns, to: output, isArray: false, times: times)
        case .json: JSONRows(columns, to: output, isArray: true, times: times)
        }
    }
}
