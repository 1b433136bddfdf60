// CredentialsPublisher.swift — gives the broker's plugin the logins that the registry has now.
//
// Invariants:
// - The file is always replaced as a whole.
// - It is replaced when the registry has changed, the service has just started, or the file is not the one that was
//   written last.

import Glibc
import Synchronization
import VarveAccess
import VarveChannel
import VarveFile
import VarveModel
import VarveRegistry

/// Writes the credentials file.
final class CredentialsPublisher: Sendable {
    /// The login of the service itself, new at each start.
    let service: Credentials.Service
    private let registry: Registry
    private let path: String
    private let written = Mutex<Written?>(nil)
    private let onWrite: @Sendable ([Name: String], SecretMask) -> Void

    /// The registry's generation and the file's stamp at the last write.
    private struct Written: Equatable {
        var generation: UInt64
        var stamp: FileStamp?
    }

    /// - Parameter onWrite: Called whenever the file was written, with the channel of each product and what hides the
    ///   secrets that the file has.
    init(
        _ registry: Registry, path: String, onWrite: @escaping @Sendable ([Name: String], SecretMask) -> Void
    ) {
        self.registry = registry
        self.path = path
        self.onWrite = onWrite
        service = Credentials.Service(username: ServiceClient.username, password: Self.randomPassword())
    }

    /// Writes the file if the registry or the file has changed since it was written last.
    ///
    /// Cost: one small query and a `stat(2)` if nothing changed.
    /// - Throws: What the registry throws; `FileError` if the file cannot be written.
    func publishIfChanged() throws {
        try written.withLock { written in
            let generation = try registry.generation()
            let found = Written(generation: generation, stamp: try POSIXFileSystem().stamp(path))
            guard found != written || found.stamp == nil else { return }
            let entries = try registry.channelCredentials()
            var credentials = Credentials(service: service)
            for entry in entries {
                let channel = entry.channel
                credentials.channels.append(
                    Credentials.Channel(
                        product: channel.product, name: channel.name, isEnabled: channel.isEnabled,
                        productSecret: entry.productSecret, password: channel.password,
                        replacedSecret: Self.replaced(entry.previousProductSecret),
                        replacedPassword: Self.replaced(channel.previousPassword)))
                for device in entry.devices {
                    credentials.devices.append(
                        Credentials.Device(
                            product: device.product, key: device.key, secret: device.secret,
                            isActivated: device.activated != nil))
                }
            }
            try CredentialsFile.write(credentials, to: path)
            written = Written(generation: generation, stamp: try POSIXFileSystem().stamp(path))
            onWrite(
                Dictionary(entries.map { (Name($0.channel.product), $0.channel.name) }) { first, _ in first },
                SecretMask(credentials))
        }
    }

    private static func replaced(_ secret: PreviousSecret?) -> Credentials.Replaced? {
        secret.map { Credentials.Replaced(secret: $0.secret, validUntil: $0.validUntil.nanoseconds) }
    }

    private static func randomPassword() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in String(generator.next(), radix: 36) }.joined()
    }
}
