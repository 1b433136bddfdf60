// CredentialsChangesTests.swift — changes behind the credentials file: what is read of them whole, in part and damaged.

import Foundation
import Testing
import VarveChannel
import VarveFile
import VarveTestSupport

@testable import VarveAccess

@Suite struct CredentialsChangesTests {
    private let folder: TemporaryFolder
    private let path: String
    private var random: SeededGenerator
    private let seed = UInt64.random(in: 0 ... .max)

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/credentials"
        random = SeededGenerator(seed: seed)
    }

    private static let keys = ["a", "b", "c\t", "d\n"]
    private static let products = ["p", "q"]

    private static func channel(_ product: String, _ random: inout SeededGenerator) -> Credentials.Channel {
        .init(
            product: product, name: "of \(product)", isEnabled: Bool.random(using: &random),
            productSecret: "s",
            password: "\(Int.random(in: 0..<9, using: &random))")
    }

    private static func device(
        _ product: String, _ key: String, _ random: inout SeededGenerator
    ) -> Credentials.Device {
        .init(
            product: product, key: key, secret: "\(Int.random(in: 0..<9, using: &random))",
            isActivated: Bool.random(using: &random))
    }

    /// Some logins, and changes of them with the logins that each leads to.
    private mutating func history(
        _ count: Int
    ) -> (base: Credentials, changes: [CredentialsChange], states: [Set<String>]) {
        var base = Credentials(service: .init(username: "service", password: "x"))
        for product in Self.products { base.channels.append(Self.channel(product, &random)) }
        for key in Self.keys { base.devices.append(Self.device("p", key, &random)) }
        var channels = Dictionary(uniqueKeysWithValues: base.channels.map { ($0.product, $0) })
        var devices = Dictionary(uniqueKeysWithValues: base.devices.map { ([$0.product, $0.key], $0) })
        func state() -> Set<String> {
            Set(channels.values.map { "\($0)" } + devices.values.map { "\($0)" })
        }
        var states = [state()]
        var changes: [CredentialsChange] = []
        for _ in 0..<count {
            var change = CredentialsChange()
            for product in Self.products {
                if Int.random(in: 0..<4, using: &random) == 0 {
                    change.channels.append(Self.channel(product, &random))
                    channels[product] = change.channels.last
                }
                for key in Self.keys {
                    switch Int.random(in: 0..<6, using: &random) {
                    case 0:
                        change.devices.append(Self.device(product, key, &random))
                        devices[[product, key]] = change.devices.last
                    case 1:
                        change.removed.append(.init(product: product, key: key))
                        devices[[product, key]] = nil
                    default: break
                    }
                }
            }
            changes.append(change)
            states.append(state())
        }
        return (base, changes, states)
    }

    private func state(_ reader: CredentialsReader) -> Set<String>? {
        reader.directory.map { Set($0.entries) }
    }

    @Test(
        "a reader that saw each change, and one that sees the file at the end, know the same as a plain calculation"
    )
    mutating func same() throws {
        let (base, changes, states) = history(60)
        var end = try CredentialsFile.write(base, to: path)
        var reader = CredentialsReader(path: path)
        _ = reader.refresh()
        #expect(state(reader) == states[0])
        for (change, expected) in zip(changes, states.dropFirst()) {
            try CredentialsFile.append(change, to: path, after: &end)
            // It looks at some of the changes together.
            guard Bool.random(using: &random) else { continue }
            let outcome = reader.refresh()
            #expect(state(reader) == expected, "seed \(seed)")
            if case .loaded = outcome { Issue.record("the whole file was read, seed \(seed)") }
        }
        _ = reader.refresh()
        var late = CredentialsReader(path: path)
        _ = late.refresh()
        #expect(state(reader) == states.last && state(late) == states.last, "seed \(seed)")
    }

    @Test(
        "wherever the file ends, a reader knows the logins as they were after some change, and then the rest")
    mutating func incomplete() throws {
        let (base, changes, states) = history(4)
        var end = try CredentialsFile.write(base, to: path)
        let size = base.encode().count
        for change in changes { try CredentialsFile.append(change, to: path, after: &end) }
        let bytes = try POSIXFileSystem().readAll(path)
        for count in size...bytes.count {
            try POSIXFileSystem().replace(path, Array(bytes[..<count]))
            var reader = CredentialsReader(path: path)
            _ = reader.refresh()
            let found = try #require(state(reader))
            #expect(states.contains(found), "seed \(seed), \(count) bytes")
            let file = try POSIXFileSystem().open(path, .append)
            try file.append(Array(bytes[count...]))
            file.close()
            _ = reader.refresh()
            #expect(state(reader) == states.last, "seed \(seed), \(count) bytes")
        }
    }

    @Test(
        "a changed byte in a change is found: a reader keeps what it knew, and a new one knows nothing wrong")
    mutating func damaged() throws {
        let (base, changes, states) = history(3)
        var end = try CredentialsFile.write(base, to: path)
        let size = base.encode().count
        for change in changes { try CredentialsFile.append(change, to: path, after: &end) }
        let bytes = try POSIXFileSystem().readAll(path)
        for index in size..<bytes.count {
            var damaged = bytes
            damaged[index] ^= [0x01, 0x20, 0x80, 0xFF].randomElement(using: &random) ?? 1
            try POSIXFileSystem().replace(path, damaged)
            var reader = CredentialsReader(path: path)
            _ = reader.refresh()
            #expect(state(reader).map { states.contains($0) } ?? true, "seed \(seed), byte \(index)")
            #expect(state(reader) != states.last, "seed \(seed), byte \(index)")
        }
    }

    @Test("a change is not written behind a file that somebody else has changed")
    mutating func foreign() throws {
        let (base, changes, _) = history(2)
        var end = try CredentialsFile.write(base, to: path)
        try CredentialsFile.append(changes[0], to: path, after: &end)
        let file = try POSIXFileSystem().open(path, .append)
        try file.append([0x0A])
        file.close()
        #expect(throws: FileError.self) { try CredentialsFile.append(changes[1], to: path, after: &end) }
    }

    @Test("a secret that is added to a mask is hidden as if it had been there from the beginning")
    mutating func mask() {
        let secrets = (0..<300).map { _ in
            String(
                (0..<Int.random(in: 6...12, using: &random)).map { _ in
                    "abc".randomElement(using: &random) ?? "a"
                })
        }
        var grown = SecretMask(secrets: secrets[..<100].map { Array($0.utf8) })
        for secret in secrets[100...] { _ = grown.add(secret) }
        let whole = SecretMask(secrets: secrets.map { Array($0.utf8) })
        for secret in secrets {
            let text = "x\(secret)y\(secrets.randomElement(using: &random) ?? "")z"
            #expect(grown.masked(text) == whole.masked(text), "seed \(seed)")
        }
        let isNew = grown.add(secrets.first { $0.utf8.count >= SecretMask.shortest } ?? "")
        #expect(!isNew)
    }
}
