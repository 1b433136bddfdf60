// RegistryScriptsTests.swift — versions of parsing scripts: set, read, restored, bounded, sealed.

import GRDB
import Testing
import VarveModel

@testable import VarveRegistry

@Suite struct RegistryScriptsTests {
    private let fixture: RegistryFixture
    private var registry: Registry { fixture.registry }

    init() throws {
        fixture = try RegistryFixture()
        try fixture.fill()
        try registry.create(Product(key: "meters", model: "turbine", secret: "s3", format: .custom))
    }

    private func versions() throws -> [Int64] { try registry.scripts(ofProduct: "meters").map(\.version) }

    @Test("each new text is a version; the newest is in use, and the same text makes none")
    func versionsOfTexts() throws {
        #expect(try registry.script(ofProduct: "meters") == nil)
        #expect(try registry.setScript("a", ofProduct: "meters").version == 1)
        #expect(try registry.setScript("b", ofProduct: "meters").version == 2)
        #expect(try registry.setScript("b", ofProduct: "meters").version == 2)
        #expect(try registry.script(ofProduct: "meters")?.text == "b")
        #expect(try registry.script(ofProduct: "meters", version: 1)?.text == "a")
        #expect(try registry.script(ofProduct: "meters", version: 3) == nil)
        #expect(try versions() == [2, 1])
        try registry.verifySeal()
    }

    @Test("a roll-back is a new version with the older text")
    func rollback() throws {
        #expect(code { try registry.restoreScript(ofProduct: "meters") } == .notFound)
        for text in ["a", "b", "c"] { try registry.setScript(text, ofProduct: "meters") }
        let restored = try registry.restoreScript(ofProduct: "meters")
        #expect(restored.version == 4 && restored.text == "b" && restored.restores == 2)
        #expect(try registry.restoreScript(ofProduct: "meters", version: 1).text == "a")
        #expect(try registry.restoreScript(ofProduct: "meters", version: 5).version == 5)
        #expect(try versions() == [5, 4, 3, 2, 1])
        #expect(code { try registry.restoreScript(ofProduct: "meters", version: 9) } == .notFound)
        try registry.verifySeal()
    }

    @Test("the oldest versions go when there are more than are kept")
    func bounded() throws {
        let count = Registry.keptScripts + 3
        for number in 1...count { try registry.setScript("// \(number)", ofProduct: "meters") }
        #expect(try versions().count == Registry.keptScripts)
        #expect(try versions().last == 4)
        try registry.verifySeal()
    }

    @Test("scripts go with their product, and a product of JSON has none")
    func products() throws {
        #expect(code { try registry.setScript("a", ofProduct: "wind") } == .invalid)
        #expect(code { try registry.setScript("a", ofProduct: "none") } == .notFound)
        #expect(code { _ = try registry.script(ofProduct: "none") } == .notFound)
        #expect(code { _ = try registry.scripts(ofProduct: "none") } == .notFound)
        let before = try registry.exportText()
        try registry.setScript("a", ofProduct: "meters")
        #expect(try registry.exportText().rows == before.rows + 1)
        try registry.deleteProduct("meters")
        try registry.create(Product(key: "meters", model: "turbine", secret: "s3", format: .custom))
        #expect(try registry.exportText() == before)
        try registry.verifySeal()
    }

    @Test("a text that is empty, too large or has a zero byte is refused", arguments: ["", "a\0b"])
    func texts(text: String) throws {
        #expect(code { try registry.setScript(text, ofProduct: "meters") } == .invalid)
        let large = String(repeating: "x", count: Registry.maximumScriptBytes)
        #expect(code { try registry.setScript(large + "x", ofProduct: "meters") } == .invalid)
        try registry.setScript(large, ofProduct: "meters")
        #expect(try registry.script(ofProduct: "meters")?.text == large)
    }

    @Test("the current scripts follow changes, also those of another process")
    func current() throws {
        let current = registry.currentScripts
        #expect(try current("meters") == nil && current("none") == nil)
        try registry.setScript("a", ofProduct: "meters")
        #expect(try current("meters") == "a" && current("meters") == "a")
        try Registry.open(path: fixture.path, create: false).setScript("b", ofProduct: "meters")
        #expect(try current("meters") == "b")
        try registry.restoreScript(ofProduct: "meters")
        #expect(try current("meters") == "a")
    }

    @Test(
        "a script that others changed is noticed",
        arguments: [
            "UPDATE script SET text = 'x'", "UPDATE script SET version = 7", "UPDATE script SET restores = 1",
            "UPDATE script SET created = 1", "DELETE FROM script", "UPDATE script SET product = 'wind'",
        ])
    func tampering(sql: String) throws {
        try registry.setScript("a", ofProduct: "meters")
        try registry.verifySeal()
        try fixture.tamper(sql)
        #expect(code { try registry.verifySeal() } == .damaged)
    }

    @Test("a registry from before scripts has none when read, and takes them once it is opened for writing")
    func upgrade() throws {
        try fixture.tamper("DROP TABLE script; DELETE FROM grdb_migrations WHERE identifier = 'v5'")
        let reader = try Registry.open(path: fixture.path, create: false, readOnly: true)
        #expect(try reader.script(ofProduct: "meters") == nil)
        #expect(try reader.scripts(ofProduct: "meters").isEmpty)
        try reader.verifySeal()
        let writer = try Registry.open(path: fixture.path, create: false)
        #expect(try writer.setScript("a", ofProduct: "meters").version == 1)
        try writer.verifySeal()
        #expect(try reader.script(ofProduct: "meters")?.text == "a")
    }
}
