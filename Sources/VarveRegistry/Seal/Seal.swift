// Seal.swift — the checksum over all rows, stored in the same file.
//
// Invariants:
// - The seal is the wrapping sum of the rows' CRC-64 and the number of rows. So a row that is added or
//   removed changes it by that row alone, in whatever order rows come.
// - It is saved in the transaction that changes the rows.

import GRDB

/// The sum of row digests and the number of rows.
struct Seal: Equatable {
    var digest: UInt64 = 0
    var rows: Int64 = 0
    /// How many rows were added and removed since it was loaded.
    private(set) var changes = 0

    static func == (left: Seal, right: Seal) -> Bool {
        left.digest == right.digest && left.rows == right.rows
    }

    /// Adds a row, given by its canonical text.
    mutating func add(_ row: [UInt8]) {
        digest &+= CRC64.checksum(row)
        rows += 1
        changes += 1
    }

    /// Removes a row, given by its canonical text.
    mutating func remove(_ row: [UInt8]) {
        digest &-= CRC64.checksum(row)
        rows -= 1
        changes += 1
    }

    /// The seal in the database; nil if it is missing.
    static func load(_ db: Database) throws -> Seal? {
        guard let row = try Row.fetchOne(db, sql: "SELECT digest, rows FROM seal WHERE id = 1"),
            let digest = Int64.fromDatabaseValue(row[0]), let rows = Int64.fromDatabaseValue(row[1])
        else { return nil }
        var seal = Seal()
        (seal.digest, seal.rows) = (UInt64(bitPattern: digest), rows)
        return seal
    }

    /// Writes the seal to the database.
    func save(_ db: Database) throws {
        try db.execute(
            sql: "UPDATE seal SET digest = ?, rows = ? WHERE id = 1",
            arguments: [Int64(bitPattern: digest), rows])
    }
}
