// RegistryFixture.swift — a registry in a directory of its own, removed with the fixture.

import Foundation
import GRDB
import VarveModel

@testable import VarveRegistry

/// A fresh registry file for one test.
final class RegistryFixture {
    let directory: URL
    let registry: Registry

    var path: String { directory.appendingPathComponent("registry.sqlite").path }

    init() throws {
        directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("varve-registry-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        registry = try Registry.open(
            path: directory.appendingPathComponent("registry.sqlite").path, create: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    /// Model `turbine` (power: double, state: string), products `wind` and `solar` (policy first), device `T1` in both
    /// and `T2` in `wind`.
    func fill() throws {
        try registry.create(
            Model(
                id: "turbine",
                points: [
                    MeasurementPoint(id: "power", type: .double, hasQuality: true, unit: "kW"),
                    MeasurementPoint(id: "state", type: .string),
                ]))
        try registry.create(Product(key: "wind", model: "turbine", secret: "s1"))
        try registry.create(Product(key: "solar", model: "turbine", secret: "s2", duplicates: .first))
        try registry.create(Device(product: "wind", key: "T1", secret: "d1"))
        try registry.create(Device(product: "wind", key: "T2", secret: "d2", timeZone: "Europe/Paris"))
        try registry.create(Device(product: "solar", key: "T1", secret: "d3"))
    }

    /// Takes away what version 6 of the tables added.
    func removeVersion6() throws {
        let columns = [
            "model": ["passthrough"], "point": ["rule"],
            "product": ["numerictexts", "previous", "previousuntil"],
            "channel": ["resend", "previous", "previousuntil"], "device": ["activated"],
        ]
        for (table, names) in columns {
            for name in names { try tamper("ALTER TABLE \(table) DROP COLUMN \(name)") }
        }
        try tamper("DROP TABLE feature; DELETE FROM grdb_migrations WHERE identifier = 'v6'")
    }

    /// Changes the database without the registry.
    func tamper(_ sql: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
    }
}

/// The code of the `RegistryError` that the body throws; nil if it throws no such error.
func code(_ body: () throws -> Void) -> RegistryError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? RegistryError)?.code
    }
}

/// The message of the `RegistryError` that the body throws, or a text that matches no expectation.
func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "nothing was thrown"
    } catch {
        return (error as? RegistryError)?.message ?? "not a RegistryError: \(error)"
    }
}
