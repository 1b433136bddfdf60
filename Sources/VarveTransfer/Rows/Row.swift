// Row.swift — one row of an input, as pointers to its fields before anything is parsed.
//
// Invariants:
// - The pointers are valid only during the call that receives the row.
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
    /// The zone of the time; absent if the input has no column for it.
    var zone: Field
    /// The type that the row declares for its point; empty or absent if it declares none.
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
    ///
    /// - Throws: What ends the reading.
    mutating func take(_ row: borrowing Row) throws

    /// Takes a row that is broken and has no usable fields.
    ///
    /// - Throws: What ends the reading.
    mutating func reject(_ reason: String, line: Int, text: UnsafeRawBufferPointer) throws

    /// Gets the number of bytes read so far, once per buffer.
    ///
    /// - Throws: What ends the reading.
    mutating func advanced(bytesRead: Int) throws
}

/// Gets the rows of an input with the moments of their times.
protocol TimedRowConsumer: ~Copyable {
    /// Takes a row.
    ///
    /// - Parameter time: Nanoseconds since 1970 UTC.
    /// - Throws: What ends the reading.
    mutating func take(_ row: borrowing Row, time: Int64) throws

    /// Whether a row would be skipped at any time: it has a known series but neither value nor quality.
    ///
    /// - Throws: What ends the reading.
    mutating func skips(_ row: borrowing Row) throws -> Bool

    /// Takes a row whose time cannot be used.
    ///
    /// - Throws: What ends the reading.
    mutating func refuse(_ row: borrowing Row, _ reason: String) throws

    /// Takes a row that is broken and has no usable fields.
    ///
    /// - Throws: What ends the reading.
    mutating func reject(_ reason: String, line: Int, text: UnsafeRawBufferPointer) throws

    /// Gets the number of bytes read so far, once per buffer.
    ///
    /// - Throws: What ends the reading.
    mutating func advanced(bytesRead: Int) throws
}
