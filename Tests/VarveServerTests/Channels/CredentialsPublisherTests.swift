// CredentialsPublisherTests.swift — the credentials file follows the registry, and a small change is a small write.

import Synchronization
import Testing
import VarveAccess
import VarveChannel
import VarveFile
import VarveModel
import VarveRegistry
import VarveTestSupport

@testable import VarveServer

@Suite struct CredentialsPublisherTests {
    private let folder: TemporaryFolder
    private let registry: Registry
    private let other: Registry
    private let path: String
    private let publisher: CredentialsPublisher
    private let whole = Tally()

    /// How often everything was written.
    private final class Tally: Sendable {
        let count = Atomic<Int>(0)
    }

    init() throws {
        folder = try TemporaryFolder()
        registry = try Registry.open(path: folder.path + "/registry.sqlite", create: true)
        other = try Registry.open(path: folder.path + "/registry.sqlite", create: false)
        path = folder.path + "/credentials"
        let whole = whole
        publisher = CredentialsPublisher(registry, path: path) {
            if case .all = $0 { whole.count.add(1, ordering: .relaxed) }
        }
        try registry.create(Model(id: "m"))
        for product in ["wind", "sun", "sea"] {
            try registry.create(Product(key: product, model: "m", secret: "secret of \(product)"))
        }
        try registry.createChannel(Channel(name: "of_wind", product: "wind"))
        try registry.createChannel(Channel(name: "of_sun", product: "sun"))
        for number in 0..<5 {
            for product in ["wind", "sun", "sea"] {
                try registry.create(Device(product: product, key: "D\(number)"))
            }
        }
    }

    private func login(_ product: String, _ key: String, _ secret: String, mode: String) -> LoginAttempt {
        let signature = Signature(
            clientID: "c", deviceKey: key, productKey: product, timestamp: "1", secret: secret,
            method: .sha256)
        return LoginAttempt(
            clientID: "c|securemode=\(mode),signmethod=sha256,timestamp=1|", username: "\(key)&\(product)",
            password: signature.map { Array($0.password.utf8) })
    }

    private func isAccepted(_ reader: CredentialsReader, _ attempt: LoginAttempt) -> Bool {
        if case .accepted = reader.directory?.decide(attempt) { true } else { false }
    }

    @Test("after any changes by two processes, logins are accepted exactly as the registry says")
    func follows() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        var reader = CredentialsReader(path: path)
        try publisher.publishIfChanged()
        _ = reader.refresh()
        for step in 0..<80 {
            let one = Bool.random(using: &random) ? registry : other
            let product = ["wind", "sun", "sea"].randomElement(using: &random) ?? ""
            let key = "D\(Int.random(in: 0..<8, using: &random))"
            // The registry refuses some of these changes.
            switch Int.random(in: 0..<8, using: &random) {
            case 0: try? one.create(Device(product: product, key: key))
            case 1: _ = try? one.deleteDevice(named: "\(product)/\(key)")
            case 2: _ = try? one.activateDevice(product: product, key: key)
            case 3: _ = try? one.resetDevice(named: "\(product)/\(key)")
            case 4: try one.setChannel("of_\(product)", enabled: step % 2 == 0, orNothing: ())
            case 5: _ = try one.rotateSecret(ofProduct: product, overlap: 0)
            case 6: try? one.createChannel(Channel(name: "of_sea", product: "sea"))
            default: _ = try? one.deleteChannel("of_sea")
            }
            try publisher.publishIfChanged()
            if Bool.random(using: &random) { continue }
            _ = reader.refresh()
            var fresh = CredentialsReader(path: path)
            _ = fresh.refresh()
            let channels = try registry.channels()
            for device in try registry.devices() {
                let isOpen = channels.contains { $0.product == device.product && $0.isEnabled }
                let secret = try registry.product(device.product).secret
                let own = login(device.product, device.key, device.secret, mode: "2")
                let activation = login(device.product, device.key, secret, mode: "3")
                for reader in [reader, fresh] {
                    #expect(isAccepted(reader, own) == isOpen, "seed \(seed), step \(step)")
                    #expect(
                        isAccepted(reader, activation) == (isOpen && device.activated == nil),
                        "seed \(seed), step \(step)")
                }
            }
            for product in ["wind", "sun", "sea"] {
                for number in 0..<8 {
                    let role = Role.device(product: product, key: "D\(number)")
                    let isKnown = try registry.devices(product: product).contains { $0.key == "D\(number)" }
                    let isOpen = channels.contains { $0.product == product && $0.isEnabled }
                    #expect(
                        reader.directory?.admits(role) == (isKnown && isOpen), "seed \(seed), step \(step)")
                }
            }
        }
    }

    @Test("an activation is a small write behind the file; a change that no login needs writes nothing")
    func small() throws {
        for number in 0..<2000 { try registry.create(Device(product: "wind", key: "N\(number)")) }
        try publisher.publishIfChanged()
        let before = try #require(try POSIXFileSystem().stamp(path))
        try publisher.publishIfChanged()
        #expect(try POSIXFileSystem().stamp(path) == before)
        for number in 0..<10 {
            try other.activateDevice(product: "wind", key: "N\(number)")
            try publisher.publishIfChanged()
        }
        try registry.activateDevice(product: "sea", key: "D1")
        try registry.setNumericTexts(true, ofProduct: "wind")
        try publisher.publishIfChanged()
        let after = try #require(try POSIXFileSystem().stamp(path))
        #expect(after.node == before.node && whole.count.load(ordering: .relaxed) == 1)
        #expect(after.size - before.size < 2000 && after.size > before.size)
    }

    @Test(
        "the file is replaced if somebody changed it, after a change of many devices, and before changes get long"
    )
    func replaced() throws {
        try publisher.publishIfChanged()
        let file = try POSIXFileSystem().open(path, .append)
        try file.append([0x0A])
        file.close()
        try registry.activateDevice(product: "wind", key: "D1")
        try publisher.publishIfChanged()
        #expect(whole.count.load(ordering: .relaxed) == 2)
        let rows = (0..<1500).map { "N\($0),wind" }
        _ = try other.importRows(
            .devices, from: Array((["device,product"] + rows).joined(separator: "\n").utf8), named: "d.csv",
            isTimeZone: { _ in true })
        try publisher.publishIfChanged()
        #expect(whole.count.load(ordering: .relaxed) == 3)
        for _ in 0..<2 {
            for start in stride(from: 0, to: 1500, by: 500) {
                let changed = (start..<start + 500).map { "N\($0),wind,secret \(Int.random(in: 0..<1000))" }
                _ = try other.importRows(
                    .devices, from: Array((["device,product,secret"] + changed).joined(separator: "\n").utf8),
                    named: "d.csv", rules: ImportRules(updates: true), isTimeZone: { _ in true })
                try publisher.publishIfChanged()
            }
        }
        let count = whole.count.load(ordering: .relaxed)
        #expect(count > 3 && count < 7)
    }
}

extension Registry {
    /// Switches a channel that exists.
    fileprivate func setChannel(_ name: String, enabled: Bool, orNothing: Void) throws {
        guard try channels().contains(where: { $0.name == name }) else { return }
        try setChannel(name, enabled: enabled)
    }
}
