// Registry+Seal.swift — the checksummed export, and the check that Varve wrote the rows.

import GRDB

/// All rows of a registry as text, with their digest: what the seal covers.
///
/// Tests compare registries by it. The text contains the secrets.
struct RegistryExport: Hashable, Sendable {
    /// One JSON object a line: models, points, products, devices, channels, rules of retention, zones of
    /// imports, versions of scripts, policies, each in the order of their keys.
    ///
    /// The same rows give the same bytes, in whatever order they were written.
    let text: String
    /// The wrapping sum of the lines' CRC-64/XZ, without line ends.
    let digest: UInt64
    /// The number of lines.
    let rows: Int
}

extension Registry {
    /// All rows in canonical form, as of one moment.
    ///
    /// Holds all of them in memory.
    func exportText() throws -> RegistryExport {
        try read { reading in
            var bytes: [UInt8] = []
            var seal = Seal()
            try reading.forEachRow { row in
                bytes.append(contentsOf: row)
                bytes.append(UInt8(ascii: "\n"))
                seal.add(row)
            }
            return RegistryExport(
                text: String(decoding: bytes, as: UTF8.self), digest: seal.digest, rows: Int(seal.rows))
        }
    }

    /// Checks the file's structure, and that its rows are those that were sealed.
    ///
    /// Cost: reads every row.
    ///
    /// - Throws: `damaged`, with the file and what is wrong.
    public func verifySeal() throws {
        let path = path
        try read { reading in
            let db = reading.db
            let report = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") ?? "no answer"
            guard report == "ok" else {
                throw RegistryError(
                    .damaged, "\(path) is damaged (\(RegistryNames.shown(report))): restore it from a backup")
            }
            guard try Row.fetchOne(db, sql: "PRAGMA foreign_key_check") == nil else {
                throw RegistryError(
                    .damaged, "\(path) has rows that refer to missing rows: restore it from a backup")
            }
            var actual = Seal()
            try reading.forEachRow { actual.add($0) }
            guard let sealed = try Seal.load(db) else {
                throw RegistryError(.damaged, "\(path) has lost its seal: restore it from a backup")
            }
            guard actual == sealed else {
                throw RegistryError(
                    .damaged,
                    "\(path) has rows that Varve did not write: \(actual.rows) rows with digest "
                        + "\(String(actual.digest, radix: 16)), sealed were \(sealed.rows) with "
                        + "\(String(sealed.digest, radix: 16)): restore it from a backup")
            }
        }
    }
}
