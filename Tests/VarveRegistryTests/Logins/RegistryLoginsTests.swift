// RegistryLoginsTests.swift — new secrets with an overlap, settings of products and channels, activation of devices.

import Foundation
import Synchronization
import Testing
import VarveModel

@testable import VarveRegistry

@Suite struct RegistryLoginsTests {
    private let fixture: RegistryFixture
    private static let noon = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    init() throws {
        fixture = try RegistryFixture()
        try fixture.fill()
    }

    private func credentials() throws -> ChannelCredentials {
        try #require(try fixture.registry.channelCredentials().first)
    }

    @Test("a rotated secret leaves the one before valid until a time, and only that one")
    func rotation() throws {
        let registry = fixture.registry
        try registry.createChannel(Channel(name: "farm", product: "wind", password: "p1"))
        let hour = Timestamp(nanoseconds: Self.noon.nanoseconds + 3600 * 1_000_000_000)
        let product = try registry.rotateSecret(ofProduct: "wind", overlap: 3600, now: Self.noon)
        #expect(product.secret != "s1")
        #expect(product.previousSecret == PreviousSecret(secret: "s1", validUntil: hour))
        let channel = try registry.rotatePassword(ofChannel: "farm", overlap: 3600, now: Self.noon)
        #expect(channel.previousPassword == PreviousSecret(secret: "p1", validUntil: hour))
        #expect(try credentials().previousProductSecret == product.previousSecret)
        #expect(try credentials().productSecret == product.secret)
        #expect(try credentials().channel == channel)
        // Once more: the second secret is the one before now.
        let second = try registry.rotateSecret(ofProduct: "wind", overlap: 60, now: Self.noon)
        #expect(second.previousSecret?.secret == product.secret)
        #expect(
            try registry.rotateSecret(ofProduct: "wind", overlap: 0, now: Self.noon).previousSecret == nil)
        #expect(try registry.rotatePassword(ofChannel: "farm", overlap: 0).previousPassword == nil)
        try registry.verifySeal()
    }

    @Test(
        "an overlap longer than a year or negative is refused, and nothing changes",
        arguments: [-1, 31_536_001])
    func overlapLimits(overlap: Int64) throws {
        let registry = fixture.registry
        #expect(code { try registry.rotateSecret(ofProduct: "wind", overlap: overlap) } == .invalid)
        #expect(code { try registry.rotateSecret(ofProduct: "none", overlap: 1) } == .notFound)
        #expect(code { try registry.rotatePassword(ofChannel: "none", overlap: 1) } == .notFound)
        #expect(try registry.product("wind").secret == "s1")
    }

    @Test("a device is activated once, and again after a reset, with a new secret")
    func activation() throws {
        let registry = fixture.registry
        let device = try registry.activateDevice(product: "wind", key: "T1", now: Self.noon)
        #expect(device.secret == "d1")
        #expect(device.activated == Self.noon)
        #expect(code { try registry.activateDevice(product: "wind", key: "T1") } == .activated)
        #expect(
            message { try registry.activateDevice(product: "wind", key: "T1") }.contains("varve device reset")
        )
        // The device of the same key in another product is another device.
        try registry.activateDevice(product: "solar", key: "T1")
        #expect(code { try registry.activateDevice(product: "wind", key: "T9") } == .notFound)
        let reset = try registry.resetDevice(named: "wind/T1")
        #expect(reset.activated == nil)
        #expect(reset.secret != "d1")
        #expect(try registry.activateDevice(product: "wind", key: "T1").secret == reset.secret)
        try registry.verifySeal()
    }

    @Test("of several connections that activate a device at once, one succeeds")
    func concurrentActivation() throws {
        let path = fixture.path
        let outcomes = Mutex<[String]>([])
        let group = DispatchGroup()
        for _ in 0..<8 {
            DispatchQueue.global().async(group: group) {
                let outcome: String
                do {
                    let registry = try Registry.open(path: path, create: false)
                    outcome = "device \(try registry.activateDevice(product: "wind", key: "T2").key)"
                } catch {
                    outcome = (error as? RegistryError)?.code == .activated ? "refused" : "\(error)"
                }
                outcomes.withLock { $0.append(outcome) }
            }
        }
        group.wait()
        #expect(outcomes.withLock { $0.sorted() } == ["device T2"] + Array(repeating: "refused", count: 7))
        // It is on disk: a connection of its own sees it.
        let other = try Registry.open(path: path, create: false, readOnly: true)
        #expect(try other.device(named: "T2").activated != nil)
    }

    @Test("the settings of a product come from it, its channel and its model, and change at once")
    func settings() throws {
        let registry = fixture.registry
        #expect(try registry.settings(ofProduct: "wind") == ProductSettings())
        #expect(try registry.settings(ofProduct: "none") == nil)
        try registry.createChannel(Channel(name: "farm", product: "wind"))
        try registry.setNumericTexts(true, ofProduct: "wind")
        try registry.setResendWindow(300_000_000_000, ofChannel: "farm")
        try registry.extendModel("turbine", isPassThrough: true)
        #expect(
            try registry.settings(ofProduct: "wind")
                == ProductSettings(
                    takesNumericTexts: true, resendWindow: 300_000_000_000, isPassThrough: true))
        #expect(try registry.settings(ofProduct: "solar") == ProductSettings(isPassThrough: true))
        try registry.create(Product(key: "raw", model: "turbine", format: .custom))
        #expect(try registry.settings(ofProduct: "raw")?.isCustom == true)
        // A change by another process is seen after `refresh`.
        let other = try Registry.open(path: fixture.path, create: false)
        try other.setNumericTexts(false, ofProduct: "wind")
        try registry.refresh()
        #expect(try registry.settings(ofProduct: "wind")?.takesNumericTexts == false)
        try registry.verifySeal()
    }

    @Test("a resend window is at most 7 days", arguments: [-1, Channel.longestResendWindow + 1])
    func resendWindow(window: Int64) throws {
        try fixture.registry.createChannel(Channel(name: "farm", product: "wind"))
        #expect(code { try fixture.registry.setResendWindow(window, ofChannel: "farm") } == .invalid)
        #expect(code { try fixture.registry.setResendWindow(1, ofChannel: "none") } == .notFound)
    }
}
