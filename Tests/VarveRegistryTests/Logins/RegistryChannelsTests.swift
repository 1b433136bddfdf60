// RegistryChannelsTests.swift — channels of products, and registries older than channels.

import Foundation
import GRDB
import Testing
import VarveModel

@testable import VarveRegistry

@Suite struct RegistryChannelsTests {
    private let fixture: RegistryFixture
    private let created = Timestamp(nanoseconds: 1_704_067_200_000_000_001)

    init() throws {
        fixture = try RegistryFixture()
        try fixture.fill()
    }

    private func farm(_ name: String = "wind_farm", product: String = "wind") -> Channel {
        Channel(name: name, product: product, password: "p4ss", description: "north", created: created)
    }

    @Test("a channel comes back as it was created, also after reopening, until it is deleted")
    func lifecycle() throws {
        try fixture.registry.createChannel(farm())
        try fixture.registry.createChannel(farm("Solar_7", product: "solar"))
        let reader = try Registry.open(path: fixture.path, create: false, readOnly: true)
        #expect(try reader.channels() == [farm("Solar_7", product: "solar"), farm()])
        #expect(try reader.channel(named: "wind_farm") == farm())
        #expect(farm().username == "%channel%&wind")
        #expect(try !fixture.registry.setChannel("wind_farm", enabled: false).isEnabled)
        #expect(try !reader.channel(named: "wind_farm").isEnabled)
        #expect(try fixture.registry.setChannel("wind_farm", enabled: true) == farm())
        #expect(try fixture.registry.deleteChannel("wind_farm") == farm())
        #expect(code { _ = try reader.channel(named: "wind_farm") } == .notFound)
        #expect(code { try fixture.registry.deleteChannel("wind_farm") } == .notFound)
        #expect(code { try fixture.registry.setChannel("none", enabled: true) } == .notFound)
    }

    @Test("a password that was not given is random")
    func passwords() {
        let first = Channel(name: "abcd", product: "p").password
        #expect(first.count == 32 && first.allSatisfy(\.isHexDigit))
        #expect(first != Channel(name: "abcd", product: "p").password)
    }

    @Test("a name or a product has one channel")
    func duplicates() throws {
        let registry = fixture.registry
        try registry.createChannel(farm())
        #expect(code { try registry.createChannel(farm(product: "solar")) } == .exists)
        #expect(message { try registry.createChannel(farm("other")) }.contains("\"wind_farm\""))
        #expect(code { try registry.createChannel(farm("other", product: "none")) } == .notFound)
        #expect(try registry.channels().count == 1)
    }

    @Test("a product with a channel cannot be deleted, and the message says what to do")
    func refusedDelete() throws {
        let registry = fixture.registry
        try registry.createChannel(farm("solar_1", product: "solar"))
        try registry.deleteDevice(named: "solar/T1")
        #expect(code { try registry.deleteProduct("solar") } == .inUse)
        #expect(message { try registry.deleteProduct("solar") }.contains("varve channel delete"))
        try registry.deleteChannel("solar_1")
        try registry.deleteProduct("solar")
    }

    @Test(
        "a name is 4 to 32 letters of any script, digits and _",
        arguments: [
            ("wind", true), ("Wind_7", true), ("1234", true), ("风电场一", true), ("Ферма", true),
            ("पवनचक्की", true), ("é_è_", true), (String(repeating: "x", count: 32), true), ("abc", false),
            ("", false),
            ("风电场", false), (String(repeating: "x", count: 33), false), ("a b c", false), ("wind-1", false),
            ("wind/1", false), ("wind.", false), ("wind\n", false), ("wind\u{0}", false), ("🌊🌊🌊🌊", false),
            ("\u{301}abcd", false), ("abc\u{200B}d", false),
        ])
    func names(name: String, isGood: Bool) throws {
        #expect(code { try fixture.registry.createChannel(farm(name)) } == (isGood ? nil : .invalid))
        try fixture.registry.verifySeal()
    }

    @Test("a description has at most 100 characters of one line")
    func descriptions() throws {
        var channel = farm()
        for bad in ["", String(repeating: "é", count: 101), "a\nb"] {
            channel.description = bad
            #expect(code { try fixture.registry.createChannel(channel) } == .invalid)
        }
        channel.description = String(repeating: "é", count: 100)
        try fixture.registry.createChannel(channel)
    }

    @Test("the key of a new product must fit into topics and user names")
    func newKeys() throws {
        let registry = fixture.registry
        for mark in ["+", "#", "&", "|"] {
            let text = message { try registry.create(Product(key: "a\(mark)b", model: "turbine")) }
            #expect(text.contains("\"\(mark)\""), "\(text)")
        }
        // A message names its device in the payload, which can hold every character.
        for key in ["a+b", "Pump #1", "a&b|c"] { try registry.create(Device(product: "wind", key: key)) }
    }

    @Test("a key older than channels still takes files, but its product gets no channel")
    func oldKeys() throws {
        let registry = fixture.registry
        try insert(product: "a&b")
        try registry.create(Device(product: "a&b", key: "D"))
        #expect(message { try registry.createChannel(farm("other", product: "a&b")) }.contains("\"&\""))
        try registry.verifySeal()
    }

    /// Writes a product row with its seal, as a Varve without the rules for MQTT did.
    private func insert(product key: String) throws {
        try fixture.tamper(
            "INSERT INTO product (key, model, secret, format, duplicates) VALUES ('\(key)', 'turbine', 's', 'json', 1)"
        )
        try seal(RowText.product(Product(key: key, model: "turbine", secret: "s")))
    }

    private func seal(_ row: [UInt8]) throws {
        let digest = Int64(bitPattern: CRC64.checksum(row))
        let old = try fixture.registry.read { try Seal.load($0.db)?.digest ?? 0 }
        try fixture.tamper(
            "UPDATE seal SET digest = \(Int64(bitPattern: old) &+ digest), rows = rows + 1")
    }

    @Test(
        "a channel changed behind the registry's back is noticed",
        arguments: [
            "UPDATE channel SET password = 'x'", "UPDATE channel SET enabled = 0",
            "UPDATE channel SET enabled = 2",
            "UPDATE channel SET product = 'solar'", "UPDATE channel SET description = NULL",
            "UPDATE channel SET created = created + 1", "UPDATE channel SET name = 'other'",
            "DELETE FROM channel",
        ])
    func tampering(sql: String) throws {
        try fixture.registry.createChannel(farm())
        try fixture.registry.verifySeal()
        try fixture.tamper(sql)
        #expect(code { try fixture.registry.verifySeal() } == .damaged)
    }

    @Test("every change of a channel keeps the seal, and its row is in the export")
    func sealInStep() throws {
        let registry = fixture.registry
        let before = try registry.exportText()
        try registry.createChannel(farm())
        try registry.verifySeal()
        let export = try registry.exportText()
        #expect(export.rows == before.rows + 1)
        let row =
            #"{"row":"channel","name":"wind_farm","product":"wind","password":"p4ss","enabled":1,"#
            + #""description":"north","created":1704067200000000001}"#
        #expect(export.text.hasSuffix("\n\(row)\n"))
        try registry.setChannel("wind_farm", enabled: false)
        try registry.verifySeal()
        #expect(try registry.exportText().digest != export.digest)
        try registry.deleteChannel("wind_farm")
        try registry.verifySeal()
        #expect(try registry.exportText() == before)
    }

    @Test("credentials have only the channels with their products' secrets and devices")
    func credentials() throws {
        try fixture.registry.createChannel(farm())
        let credentials = try fixture.registry.channelCredentials()
        #expect(credentials.map(\.channel) == [farm()])
        #expect(credentials[0].productSecret == "s1")
        #expect(credentials[0].devices.map(\.key) == ["T1", "T2"])
        #expect(credentials[0].devices.map(\.secret) == ["d1", "d2"])
        try fixture.registry.setChannel("wind_farm", enabled: false)
        #expect(try fixture.registry.channelCredentials().map(\.channel.isEnabled) == [false])
    }

    @Test(
        "a registry from before channels is read as it is, and gets their table when it is opened for writing"
    )
    func olderVersion() throws {
        try fixture.removeVersion6()
        try fixture.tamper("DROP TABLE channel")
        try fixture.tamper("DELETE FROM grdb_migrations WHERE identifier = 'v2'")
        let reader = try Registry.open(path: fixture.path, create: false, readOnly: true)
        try reader.verifySeal()
        #expect(try reader.channels().isEmpty && reader.channelCredentials().isEmpty)
        #expect(try reader.device(named: "T2").secret == "d2")
        let writer = try Registry.open(path: fixture.path, create: false)
        try writer.createChannel(farm())
        try writer.verifySeal()
        // A reader that was open before sees the channel.
        #expect(try reader.channels() == [farm()])
        try reader.verifySeal()
    }
}
