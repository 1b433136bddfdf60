// CredentialsPublisher.swift — gives the broker's plugin the logins that the registry has now.
//
// After a change of single devices or channels, only these are written, behind the file. The plugin reads them before its
// next login, so a plant of 100,000 devices can be activated without writing and reading all of them for each.
//
// Invariants:
// - The file has every change of the registry that was made before `publishIfChanged` was called, when it returns.
// - The file is replaced as a whole when the service has just started, if it is not the one that was written last, after
//   changes of many devices, and when the changes behind it have become long.

import Glibc
import Synchronization
import VarveAccess
import VarveChannel
import VarveFile
import VarveModel
import VarveRegistry

/// Writes the credentials file.
final class CredentialsPublisher: Sendable {
    /// What was written.
    enum Publication: Sendable {
        /// Everything: the channel of each product, and what hides the secrets that the file has.
        case all(channels: [Name: String], SecretMask)
        /// The channels of some products, and secrets that may be new.
        case some(channels: [Name: String], secrets: [String])
    }

    /// The login of the service itself, new at each start.
    let service: Credentials.Service
    private let registry: Registry
    private let path: String
    private let files = POSIXFileSystem()
    private let written = Mutex<Written?>(nil)
    private let onWrite: @Sendable (Publication) -> Void

    /// The last write.
    private struct Written {
        var mark: LoginMark
        var stamp: FileStamp
        var end: CredentialsFile.End
        /// The channels, by product, without their devices.
        var channels: [Name: ChannelCredentials]
    }

    /// - Parameter onWrite: Called whenever something was written.
    init(_ registry: Registry, path: String, onWrite: @escaping @Sendable (Publication) -> Void) {
        self.registry = registry
        self.path = path
        self.onWrite = onWrite
        service = Credentials.Service(username: ServiceClient.username, password: Self.randomPassword())
    }

    /// Writes what has changed in the registry, or all of the file if that is not the one that was written last.
    ///
    /// Durability: on disk when it returns. Cost: small queries and a `stat(2)` if nothing changed; the size of the change
    /// for single devices and channels.
    /// - Throws: What the registry throws; `FileError` if the file cannot be written.
    func publishIfChanged() throws {
        try written.withLock { written in
            let (mark, changes) = try registry.loginChanges(since: written?.mark)
            if let last = written, try files.stamp(path) == last.stamp {
                switch changes {
                case .none:
                    written?.mark = mark
                    return
                case .some(let channels, let devices):
                    if let next = try? append(channels, devices, to: last, mark) {
                        written = next
                        return
                    }
                case .all: break
                }
            }
            written = nil
            written = try writeAll(mark)
        }
    }

    /// Replaces the file; the mark is that of a moment before.
    private func writeAll(_ mark: LoginMark) throws -> Written? {
        var entries = try registry.channelCredentials()
        var credentials = Credentials(service: service)
        for entry in entries {
            credentials.channels.append(Self.channel(entry))
            for device in entry.devices { credentials.devices.append(Self.device(device)) }
        }
        let end = try CredentialsFile.write(credentials, to: path)
        let stamp = try files.stamp(path)
        onWrite(
            .all(
                channels: Dictionary(entries.map { (Name($0.channel.product), $0.channel.name) }) {
                    first, _ in first
                },
                SecretMask(credentials)))
        for index in entries.indices { entries[index].devices = [] }
        let channels = Dictionary(entries.map { (Name($0.channel.product), $0) }) { first, _ in first }
        return stamp.map { Written(mark: mark, stamp: $0, end: end, channels: channels) }
    }

    /// Writes changes behind the file.
    ///
    /// - Returns: Nil if the file must be replaced.
    /// - Throws: `FileError`; the file must then be replaced as well.
    private func append(
        _ found: [ChannelCredentials]?, _ devices: [LoginDevice], to last: Written, _ mark: LoginMark
    ) throws -> Written? {
        var next = last
        next.mark = mark
        var change = CredentialsChange()
        var names: [Name: String] = [:]
        var secrets: [String] = []
        if let found {
            let channels = Dictionary(found.map { (Name($0.channel.product), $0) }) { first, _ in first }
            // The file has the devices of products with a channel only.
            guard Set(channels.keys) == Set(last.channels.keys) else { return nil }
            for (product, channel) in channels where last.channels[product] != channel {
                change.channels.append(Self.channel(channel))
                names[product] = channel.channel.name
                secrets += [channel.productSecret, channel.channel.password]
            }
            next.channels = channels
        }
        for device in devices where next.channels[Name(device.product)] != nil {
            if let found = device.device {
                change.devices.append(Self.device(found))
                secrets.append(found.secret)
            } else {
                change.removed.append(CredentialsChange.Removed(product: device.product, key: device.key))
            }
        }
        guard !change.isEmpty else { return next }
        try CredentialsFile.append(change, to: path, after: &next.end)
        guard let stamp = try files.stamp(path), stamp.device == last.stamp.device,
            stamp.node == last.stamp.node,
            !next.end.isLong
        else { return nil }
        next.stamp = stamp
        onWrite(.some(channels: names, secrets: secrets))
        return next
    }

    private static func channel(_ entry: ChannelCredentials) -> Credentials.Channel {
        let channel = entry.channel
        return Credentials.Channel(
            product: channel.product, name: channel.name, isEnabled: channel.isEnabled,
            productSecret: entry.productSecret, password: channel.password,
            replacedSecret: replaced(entry.previousProductSecret),
            replacedPassword: replaced(channel.previousPassword))
    }

    private static func device(_ device: Device) -> Credentials.Device {
        Credentials.Device(
            product: device.product, key: device.key, secret: device.secret,
            isActivated: device.activated != nil)
    }

    private static func replaced(_ secret: PreviousSecret?) -> Credentials.Replaced? {
        secret.map { Credentials.Replaced(secret: $0.secret, validUntil: $0.validUntil.nanoseconds) }
    }

    private static func randomPassword() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in String(generator.next(), radix: 36) }.joined()
    }
}
