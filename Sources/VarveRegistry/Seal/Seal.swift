// Seal.swift — the checksum over all rows, kept beside them.
//
// Invariants:
// - The seal is the wrapping sum of the rows' CRC-64 and the number of rows, so adding or removing a row
//   changes it by that row alone, in whatever order rows came.
// - It is saved in the transaction that changed the rows.

import GRDB

/// The sum of row digests and the number of rows.
struct Seal: Equatable {
    var digest: UInt64 = 0
    var rows: Int64 = 0

    /// Takes in a row, given by its canonical text.
    mutating func add(_ row: [UInt8]) {
        digest &+= CRC64.checksum(row)
        rows += 1
    }

    /// Takes out a row, given by its canonical text.
    mutating func remove(_ row: [UInt8]) {
        digest &-= CRC64.checksum(row)
        rows -= 1
    }

    /// The seal kept in the database; nil if it is missing.
    static func load(_ db: Database) throws -> Seal? {
        guard let row = try Row.fetchOne(db, sql: "SELECT digest, rows FROM seal WHERE id = 1"),
            let digest = Int64.fromDatabaseValue(row[0]), let rows = Int64.fromDatabaseValue(row[1])
        else { return nil }
        return Seal(digest: UInt64(bitPattern: digest), rows: rows)
    }

    /// Keeps the seal in the database.
    func save(_ db: Database) throws {
        try db.execute(
            sql: "UPDATE seal SET digest = ?, rows = ? WHERE id = 1",
            arguments: [Int64(bitPattern: digest), rows])
    }
}
