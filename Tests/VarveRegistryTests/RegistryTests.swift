// RegistryTests.swift — opening a registry, and its rows.

import Dispatch
import Foundation
import GRDB
import Synchronization
import Testing
import VarveModel

@testable import VarveRegistry

@Suite struct RegistryTests {
    private let fixture: RegistryFixture

    init() throws {
        fixture = try RegistryFixture()
    }

    @Test("created entries are there after reopening")
    func reopening() throws {
        try fixture.fill()
        let registry = try Registry.open(path: fixture.path, create: false, readOnly: true)
        #expect(try registry.models() == fixture.registry.models())
        #expect(try registry.model("turbine").points.map(\.id) == ["power", "state"])
        #expect(try registry.products().map(\.key) == ["solar", "wind"])
        #expect(try registry.product("solar").duplicates == .first)
        #expect(try registry.devices().map(\.qualifiedName) == ["solar/T1", "wind/T1", "wind/T2"])
        #expect(try registry.devices(product: "wind").map(\.key) == ["T1", "T2"])
        #expect(try registry.device(named: "T2").timeZone == "Europe/Paris")
    }

    @Test("a missing file is an error unless it is to be created, and opening for reading creates none")
    func missingFile() throws {
        let path = fixture.directory.appendingPathComponent("other.sqlite").path
        #expect(code { _ = try Registry.open(path: path, create: false) } == .notFound)
        #expect(code { _ = try Registry.open(path: path, create: true, readOnly: true) } == .notFound)
        #expect(!FileManager.default.fileExists(atPath: path))
        let lost = fixture.directory.appendingPathComponent("none/registry.sqlite").path
        #expect(code { _ = try Registry.open(path: lost, create: true) } == .unavailable)
    }

    @Test("a file of another kind is refused and left as it is")
    func foreignFile() throws {
        let url = fixture.directory.appendingPathComponent("text.sqlite")
        let content = Data(String(repeating: "not a database. ", count: 100).utf8)
        try content.write(to: url)
        #expect(code { _ = try Registry.open(path: url.path, create: true) } == .damaged)
        #expect(try Data(contentsOf: url) == content)
    }

    @Test("a registry of a newer version is refused")
    func newerVersion() throws {
        try fixture.tamper("INSERT INTO grdb_migrations VALUES ('v999')")
        #expect(message { _ = try Registry.open(path: fixture.path, create: true) }.contains("newer Varve"))
    }

    @Test("a registry opened for reading refuses changes")
    func readOnly() throws {
        let registry = try Registry.open(path: fixture.path, create: false, readOnly: true)
        #expect(code { try registry.create(Model(id: "m")) } == .readOnly)
        #expect(code { try registry.register(Registration()) } == .readOnly)
    }

    @Test("the file uses the WAL journal with full synchronisation and only its owner can read it")
    func durability() throws {
        let settings = try fixture.registry.read { reading in
            (
                try String.fetchOne(reading.db, sql: "PRAGMA journal_mode"),
                try Int.fetchOne(reading.db, sql: "PRAGMA synchronous"),
                try Int.fetchOne(reading.db, sql: "PRAGMA foreign_keys")
            )
        }
        #expect(settings == ("wal", 2, 1))
        let attributes = try FileManager.default.attributesOfItem(atPath: fixture.path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test("a second entry of the same name is refused")
    func duplicates() throws {
        try fixture.fill()
        let registry = fixture.registry
        #expect(code { try registry.create(Model(id: "turbine")) } == .exists)
        #expect(code { try registry.create(Product(key: "wind", model: "turbine")) } == .exists)
        #expect(code { try registry.create(Device(product: "wind", key: "T1")) } == .exists)
        let twice = MeasurementPoint(id: "a", type: .double)
        #expect(code { try registry.create(Model(id: "m", points: [twice, twice])) } == .invalid)
        #expect(code { _ = try registry.model("m") } == .notFound)
    }

    @Test("a product needs its model and a device its product")
    func missingOwners() throws {
        let registry = fixture.registry
        #expect(code { try registry.create(Product(key: "p", model: "none")) } == .notFound)
        #expect(code { try registry.create(Device(product: "none", key: "d")) } == .notFound)
        #expect(code { _ = try registry.devices(product: "none") } == .notFound)
    }

    @Test("a model with products and a product with devices cannot be deleted; the message says what to do")
    func refusedDeletes() throws {
        try fixture.fill()
        let registry = fixture.registry
        #expect(message { try registry.deleteModel("turbine") }.contains("varve product delete"))
        #expect(code { try registry.deleteModel("turbine") } == .inUse)
        #expect(message { try registry.deleteProduct("wind") }.contains("varve device delete"))
        try registry.deleteDevice(named: "T2")
        try registry.deleteDevice(named: "wind/T1")
        try registry.deleteProduct("wind")
        #expect(code { try registry.deleteModel("turbine") } == .inUse)
        try registry.deleteDevice(named: "T1")
        try registry.deleteProduct("solar")
        #expect(try registry.deleteModel("turbine").points.count == 2)
        #expect(try registry.exportText().rows == 0)
        #expect(code { try registry.deleteModel("turbine") } == .notFound)
    }

    @Test("points are added in order, and a type never changes")
    func addingPoints() throws {
        try fixture.fill()
        let registry = fixture.registry
        let speed = MeasurementPoint(id: "speed", type: .int64)
        let power = MeasurementPoint(id: "power", type: .double)
        #expect(try registry.addPoints([power, speed], toModel: "turbine") == 1)
        #expect(try registry.model("turbine").points.map(\.id) == ["power", "state", "speed"])
        let other = MeasurementPoint(id: "other", type: .bool)
        let changed = MeasurementPoint(id: "power", type: .int64)
        #expect(code { try registry.addPoints([other, changed], toModel: "turbine") } == .typeFixed)
        #expect(try registry.model("turbine").points.map(\.id) == ["power", "state", "speed"])
        #expect(code { try registry.addPoints([speed], toModel: "none") } == .notFound)
    }

    @Test("a device is found by its bare key if that is enough, else by product and key")
    func deviceNames() throws {
        try fixture.fill()
        let registry = fixture.registry
        #expect(try registry.device(named: "wind/T1").secret == "d1")
        #expect(code { _ = try registry.device(named: "T1") } == .ambiguous)
        #expect(message { _ = try registry.device(named: "T1") }.contains("\"solar/T1\", \"wind/T1\""))
        #expect(code { _ = try registry.device(named: "wind/T9") } == .notFound)
        #expect(try registry.ambiguousDeviceKeys() == ["T1"])
        // A bare key may look like a qualified name; then it is read as qualified.
        try registry.create(Device(product: "solar", key: "wind/T1", secret: "x"))
        try registry.create(Device(product: "solar", key: "a/b", secret: "y"))
        #expect(try registry.device(named: "wind/T1").secret == "d1")
        #expect(try registry.device(named: "solar/wind/T1").secret == "x")
        #expect(try registry.device(named: "a/b").secret == "y")
    }

    @Test("secrets that were not given are random")
    func randomSecrets() {
        let first = Product(key: "p", model: "m").secret
        #expect(first.count == 32 && first.allSatisfy(\.isHexDigit))
        #expect(first != Product(key: "p", model: "m").secret)
        #expect(Device(product: "p", key: "d").secret != Device(product: "p", key: "d").secret)
    }

    @Test("two connections see each other's changes")
    func twoConnections() throws {
        let second = try Registry.open(path: fixture.path, create: false)
        try fixture.fill()
        try second.create(Device(product: "wind", key: "T3"))
        #expect(try fixture.registry.device(named: "T3").product == "wind")
        try fixture.registry.verifySeal()
    }

    @Test("several connections that create the registry at once all succeed", arguments: 0..<20)
    func concurrentCreation(attempt: Int) throws {
        let path = fixture.directory.appendingPathComponent("shared.sqlite").path
        let failures = Mutex<[String]>([])
        let group = DispatchGroup()
        for index in 0..<8 {
            DispatchQueue.global().async(group: group) {
                do {
                    let registry = try Registry.open(path: path, create: true)
                    try registry.create(Model(id: "m\(index)"))
                } catch {
                    failures.withLock { $0.append("opener \(index): \(error)") }
                }
            }
        }
        group.wait()
        #expect(failures.withLock { $0 } == [])
        let registry = try Registry.open(path: path, create: false)
        #expect(try registry.models().count == 8)
        try registry.verifySeal()
    }
}

@Suite struct RegistryNamesTests {
    private let fixture: RegistryFixture

    init() throws {
        fixture = try RegistryFixture()
    }

    @Test(
        "a bad name is refused for every kind of entry",
        arguments: [
            "", String(repeating: "é", count: 513), "a\nb", "a\u{0}", "a\u{7F}", "a\u{85}", "a\u{2028}",
        ])
    func badNames(name: String) throws {
        try fixture.fill()
        let registry = fixture.registry
        let point = MeasurementPoint(id: name, type: .double)
        let attempts: [() throws -> Void] = [
            { try registry.create(Model(id: name)) },
            { try registry.create(Model(id: "m", points: [point])) },
            { try registry.create(Product(key: name, model: "turbine")) },
            { try registry.create(Product(key: "p", model: "turbine", secret: name)) },
            { try registry.create(Device(product: "wind", key: name)) },
            { try registry.create(Device(product: "wind", key: "d", secret: name)) },
            { try registry.create(Device(product: "wind", key: "d", name: name)) },
        ]
        for attempt in attempts {
            #expect(code(attempt) == .invalid)
            #expect(!message(attempt).contains("\n"))
        }
        try registry.verifySeal()
        #expect(try registry.models().count == 1)
    }

    @Test("a slash is refused only in product keys, and a name may have 1024 bytes")
    func goodNames() throws {
        try fixture.fill()
        let registry = fixture.registry
        #expect(code { try registry.create(Product(key: "a/b", model: "turbine")) } == .invalid)
        try registry.create(Device(product: "wind", key: "a/b"))
        try registry.create(Device(product: "wind", key: String(repeating: "é", count: 512)))
        try registry.create(Device(product: "wind", key: "Möwe 7 \"x\" \\ 'y' 🌊"))
        #expect(try registry.device(named: "Möwe 7 \"x\" \\ 'y' 🌊").product == "wind")
    }

    @Test("messages shorten a long name")
    func shownNames() {
        #expect(RegistryNames.shown("a\r\nb") == "\"a\\r\\nb\"")
        #expect(RegistryNames.shown(String(repeating: "x", count: 200)).count == 83)
    }
}
