// CheckedRow.swift — the columns of a row of the log. A value of the wrong type, as in a damaged file, is an
// error.
//
// GRDB's own access would end the process at such a value.

import Foundation
import GRDB

/// Reads the columns of a row by their index.
///
/// Throws `LogError` (`damaged`) for a value that Varve never wrote.
struct CheckedRow {
    private let row: Row

    init(_ row: Row) { self.row = row }

    /// A number that must be there and fit its type.
    func number<Number: FixedWidthInteger>(_ index: Int) throws -> Number {
        guard let number: Number = try optionalNumber(index) else { throw damaged }
        return number
    }

    /// A number; nil if the column is NULL.
    func optionalNumber<Number: FixedWidthInteger>(_ index: Int) throws -> Number? {
        guard let value = try value(index) else { return nil }
        guard let number = Int64.fromDatabaseValue(value).flatMap({ Number(exactly: $0) }) else {
            throw damaged
        }
        return number
    }

    /// A text; nil if the column is NULL.
    func text(_ index: Int) throws -> String? {
        guard let value = try value(index) else { return nil }
        guard let text = String.fromDatabaseValue(value) else { throw damaged }
        return text
    }

    /// Bytes; nil if the column is NULL.
    func bytes(_ index: Int) throws -> [UInt8]? {
        guard let value = try value(index) else { return nil }
        guard let data = Data.fromDatabaseValue(value) else { throw damaged }
        return Array(data)
    }

    private func value(_ index: Int) throws -> DatabaseValue? {
        guard index < row.count else { throw damaged }
        let value: DatabaseValue = row[index]
        return value.isNull ? nil : value
    }

    private var damaged: LogError {
        LogError(
            .damaged,
            "the message log holds an entry that Varve never wrote: remove log.sqlite, and a new one begins")
    }
}
