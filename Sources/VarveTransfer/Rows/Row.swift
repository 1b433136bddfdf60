// Row.swift — one row of an input as the places of its fields in memory, before anything is parsed.
//
// Invariants:
// - The pointers are valid only during the call that gets the row.
// - Quotes and escapes are already resolved: a field's bytes are its text.

import VarveModel
import VarveText

/// One row: a reading of one point.
struct Row {
    var product: Field
    var device: Field
    var point: Field
    var time: Field
    var value: Field
    var quality: Field
    /// The zone of the time, where the input has a column for it.
    var zone: Field
    /// The type that the row says its point has; empty or absent for none.
    var type: Field
    /// Whether device, time and quality are those of the row before (the next cell of a wide line).
    var continuesLine: Bool
    /// The number of the line in the input, from 1.
    var line: Int
    /// The text of the line or lines, without the line end.
    var text: UnsafeRawBufferPointer
}

/// Gets the rows of an input, in order.
protocol RowConsumer: ~Copyable {
    /// Takes a row.
    mutating func take(_ row: borrowing Row) throws

    /// Takes note of a row that is broken as such.
    mutating func reject(_ reason: String, line: Int, text: UnsafeRawBufferPointer) throws

    /// Says how far the reading is; called once per buffer.
    mutating func advanced(bytesRead: Int) throws
}

/// Gets the rows of an input with the moments that their times mean.
protocol TimedRowConsumer: ~Copyable {
    /// Takes a row.
    ///
    /// - Parameter time: Nanoseconds since 1970 UTC.
    mutating func take(_ row: borrowing Row, time: Int64) throws

    /// Whether a row would be skipped whatever its time: it has neither a value nor a quality, and a known series.
    mutating func skips(_ row: borrowing Row) throws -> Bool

    /// Takes note of a row whose time cannot be used.
    mutating func refuse(_ row: borrowing Row, _ reason: String) throws

    /// Takes note of a row that is broken as such.
    mutating func reject(_ reason: String, line: Int, text: UnsafeRawBufferPointer) throws

    /// Says how far the reading is; called once per buffer.
    mutating func advanced(bytesRead: Int) throws
}
