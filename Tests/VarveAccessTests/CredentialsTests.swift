// CredentialsTests.swift — the credentials file: what is written is read back, and damage is noticed.

import Foundation
import Testing
import VarveAccess
import VarveChannel
import VarveFile

@Suite struct CredentialsTests {
    private let sample = Credentials(
        service: .init(username: "varve-service", password: "s3cret"),
        channels: [
            .init(product: "pk", name: "风场_1", isEnabled: true, productSecret: "ps", password: "pw"),
            .init(
                product: "p2", name: "off", isEnabled: false, productSecret: "", password: "",
                replacedSecret: .init(secret: "old\t", validUntil: 1),
                replacedPassword: .init(secret: "older", validUntil: -1)),
        ],
        devices: [
            .init(product: "pk", key: "d\t1\n\\x", secret: "ds"),
            .init(product: "pk", key: "d2", secret: "ds", isActivated: true),
        ])

    @Test("what is encoded is read back, control characters and empty fields too")
    func roundTrip() throws {
        #expect(try Credentials(parsing: sample.encode()) == sample)
        let nothing = Credentials(service: nil)
        #expect(try Credentials(parsing: nothing.encode()) == nothing)
        #expect(sample.encode().split(separator: 0x0A).count == 7)
    }

    @Test("a file of the first version is read: nothing was replaced, and no device is activated")
    func firstVersion() throws {
        let text = """
            varve-credentials\t1
            service\tvarve-service\t10n16dubcy5c438x4vlb5vnjwk
            channel\twind\twindfarm\tenabled\tpSecret01\t0c6cd519b640914bcbc3eeacf88b276a
            device\twind\tT1\tdSecret01
            end\t3\t81f0ad4b73c0c8ff

            """
        let expected = Credentials(
            service: .init(username: "varve-service", password: "10n16dubcy5c438x4vlb5vnjwk"),
            channels: [
                .init(
                    product: "wind", name: "windfarm", isEnabled: true, productSecret: "pSecret01",
                    password: "0c6cd519b640914bcbc3eeacf88b276a")
            ],
            devices: [.init(product: "wind", key: "T1", secret: "dSecret01", isActivated: false)])
        #expect(try Credentials(parsing: Array(text.utf8)) == expected)
    }

    @Test("every changed byte and every missing end is noticed, with one line")
    func damage() {
        let bytes = sample.encode()
        for index in bytes.indices {
            for mask: UInt8 in [0x01, 0x20, 0x80, 0xFF] {
                var damaged = bytes
                damaged[index] ^= mask
                #expect(throws: AccessError.self) { try Credentials(parsing: damaged) }
            }
        }
        for count in 0..<bytes.count {
            #expect(throws: AccessError.self) { try Credentials(parsing: Array(bytes.prefix(count))) }
        }
        #expect(throws: AccessError.self) { try Credentials(parsing: bytes + [0x0A]) }
        do {
            _ = try Credentials(parsing: Array(bytes.dropLast()))
        } catch { #expect(!error.description.contains("\n")) }
    }

    @Test("only the owner has rights on the file, even if it replaces a file that was open to others")
    func mode() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/credentials"
        _ = FileManager.default.createFile(
            atPath: path, contents: nil, attributes: [.posixPermissions: 0o644])
        try CredentialsFile.write(sample, to: path)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["credentials"])
    }

    @Test("a reader takes each new file, and keeps the last good one when it is damaged or gone")
    func reader() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/credentials"
        var reader = CredentialsReader(path: path)
        #expect(isUnusable(reader.refresh()))
        #expect(isUnchanged(reader.refresh()), "said once")
        #expect(reader.directory == nil)
        try CredentialsFile.write(sample, to: path)
        #expect(isLoaded(reader.refresh()))
        #expect(isUnchanged(reader.refresh()))
        #expect(reader.directory?.admits(.channel(product: "pk")) == true)
        try POSIXFileSystem().replace(path, [1, 2, 3])
        #expect(isUnusable(reader.refresh()))
        #expect(isUnchanged(reader.refresh()))
        #expect(reader.directory?.admits(.channel(product: "pk")) == true)
        try POSIXFileSystem().remove(path)
        #expect(isUnusable(reader.refresh()))
        #expect(reader.directory?.admits(.channel(product: "pk")) == true)
        var changed = sample
        changed.channels[0].isEnabled = false
        try CredentialsFile.write(changed, to: path)
        #expect(isLoaded(reader.refresh()))
        #expect(reader.directory?.admits(.channel(product: "pk")) == false)
    }

    private func isLoaded(_ outcome: CredentialsReader.Outcome) -> Bool {
        if case .loaded = outcome { true } else { false }
    }

    private func isUnchanged(_ outcome: CredentialsReader.Outcome) -> Bool {
        if case .unchanged = outcome { true } else { false }
    }

    private func isUnusable(_ outcome: CredentialsReader.Outcome) -> Bool {
        if case .unusable = outcome { true } else { false }
    }
}
