// RegistryChange+Logins.swift — the changes of rows that exist: products, channels and devices.
//
// Invariants:
// - The key of a row, and what it belongs to, never changes.

import GRDB
import VarveModel

extension RegistryChange {
    /// Changes a product.
    mutating func changeProduct(_ key: String, _ body: (inout Product) -> Void) throws -> Product {
        guard let old = try reading.product(key) else { throw Registry.noProduct(key) }
        var new = old
        body(&new)
        try new.check()
        seal.remove(RowText.product(old))
        try db.execute(
            sql: """
                UPDATE product SET name = ?, secret = ?, duplicates = ?, numerictexts = ?, previous = ?,
                    previousuntil = ? WHERE key = ?
                """,
            arguments: [
                new.name, new.secret, Int64(new.duplicates.rawValue), new.takesNumericTexts ? 1 : 0,
                new.previousSecret?.secret, new.previousSecret?.validUntil.nanoseconds, key,
            ])
        seal.add(RowText.product(new))
        return new
    }

    /// Changes a channel.
    mutating func changeChannel(_ name: String, _ body: (inout Channel) -> Void) throws -> Channel {
        guard let old = try reading.channel(name) else { throw Registry.noChannel(name) }
        var new = old
        body(&new)
        try new.check()
        seal.remove(RowText.channel(old))
        try db.execute(
            sql: """
                UPDATE channel SET password = ?, enabled = ?, description = ?, resend = ?, previous = ?,
                    previousuntil = ? WHERE name = ?
                """,
            arguments: [
                new.password, new.isEnabled ? 1 : 0, new.description, new.resendWindow,
                new.previousPassword?.secret, new.previousPassword?.validUntil.nanoseconds, name,
            ])
        seal.add(RowText.channel(new))
        return new
    }

    /// Replaces a device by one of the same product and key.
    mutating func replace(_ old: Device, by new: Device) throws {
        try new.check()
        seal.remove(RowText.device(old))
        try db.cachedStatement(
            sql: """
                UPDATE device SET secret = ?, asset = ?, name = ?, timezone = ?, activated = ?
                WHERE product = ? AND key = ?
                """
        ).execute(
            arguments: [
                new.secret, new.assetID, new.name, new.timeZone, new.activated?.nanoseconds, old.product,
                old.key,
            ])
        seal.add(RowText.device(new))
        journal.note(.deviceChanged, new)
    }
}
