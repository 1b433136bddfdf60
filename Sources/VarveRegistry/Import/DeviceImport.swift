// DeviceImport.swift — takes the devices of one file.
//
// Invariants:
// - A device is taken from one row of the file; a second row of the same device is refused.
// - A row that is refused has changed nothing.
// - Each product is looked up once.

import VarveModel

/// The devices of a file that were taken so far.
struct DeviceImport {
    private let updates: Bool
    private var zones: Set<String> = []
    /// The lines of the devices, by product.
    private var lines: [Name: [Name: Int]] = [:]

    init(updates: Bool) {
        self.updates = updates
    }

    /// Takes the device of one row.
    ///
    /// - Throws: `RegistryError` if the row cannot be taken.
    mutating func take(
        _ row: ImportRow, _ change: inout RegistryChange, _ outcome: inout ImportOutcome,
        _ isTimeZone: (String) -> Bool
    ) throws {
        let key = try row.require("device")
        let product = try row.require("product")
        if let zone = row["timezone"], !zones.contains(zone) {
            guard isTimeZone(zone) else { throw Registry.noTimeZone(zone) }
            zones.insert(zone)
        }
        if lines[Name(product)] == nil {
            guard try change.reading.product(product) != nil else { throw Registry.noProduct(product) }
            lines[Name(product)] = [:]
        }
        if let line = lines[Name(product)]?[Name(key)] {
            throw RegistryError(
                .malformedInput,
                "device \(RegistryNames.shown("\(product)/\(key)")) is in line \(line) already: keep one of the rows"
            )
        }
        let new = Device(
            product: product, key: key, secret: row["secret"], assetID: row["asset"], name: row["name"],
            timeZone: row["timezone"], activated: try row.time("activated"))
        try new.check()
        if try change.insertIfMissing(new) {
            outcome.created += 1
        } else if let existing = try change.reading.device(key, of: product) {
            try take(row, new, over: existing, &change, &outcome)
        }
        lines[Name(product)]?[Name(key)] = row.line
    }

    /// Takes a row of a device that exists.
    private func take(
        _ row: ImportRow, _ given: Device, over existing: Device, _ change: inout RegistryChange,
        _ outcome: inout ImportOutcome
    ) throws {
        var wanted = existing
        if row["secret"] != nil { wanted.secret = given.secret }
        wanted.assetID = given.assetID ?? existing.assetID
        wanted.name = given.name ?? existing.name
        wanted.timeZone = given.timeZone ?? existing.timeZone
        wanted.activated = given.activated ?? existing.activated
        guard wanted != existing else {
            outcome.unchanged += 1
            return
        }
        guard updates else {
            let field =
                wanted.secret != existing.secret
                ? "secret"
                : wanted.assetID != existing.assetID
                    ? "asset"
                    : wanted.name != existing.name
                        ? "name" : wanted.timeZone != existing.timeZone ? "time zone" : "activation"
            throw RegistryError(
                .exists,
                "device \(RegistryNames.shown(existing.qualifiedName)) exists with another \(field): leave the row out, "
                    + "or change the device with --update")
        }
        try change.replace(existing, by: wanted)
        outcome.changed += 1
    }
}
