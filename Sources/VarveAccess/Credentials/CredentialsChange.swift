// CredentialsChange.swift — some logins that change, as they are written behind the credentials file.
//
// CredentialsFile.md describes the bytes.
//
// Invariants:
// - The checksum of a change covers the last line before it, so a change is read only behind what it was written behind.
// - A change whose last line is not there yet is not read. No bytes trap.

public import VarveChannel
import VarveCodec
import VarveModel

/// The present state of some channels and devices.
public struct CredentialsChange: Hashable, Sendable {
    /// The name of a device that has no login any more.
    public struct Removed: Hashable, Sendable {
        /// The product's key.
        var product: String
        /// The `deviceKey`.
        var key: String

        /// Names a device.
        public init(product: String, key: String) {
            self.product = product
            self.key = key
        }
    }

    /// Channels that take the place of those of their products.
    public var channels: [Credentials.Channel]
    /// Devices that are new, or take the place of those of their names.
    public var devices: [Credentials.Device]
    /// Devices that are not known any more, none of which is in `devices`.
    public var removed: [Removed]

    /// Describes a change, by default an empty one.
    public init(
        channels: [Credentials.Channel] = [], devices: [Credentials.Device] = [], removed: [Removed] = []
    ) {
        self.channels = channels
        self.devices = devices
        self.removed = removed
    }

    /// Whether nothing changes.
    public var isEmpty: Bool { channels.isEmpty && devices.isEmpty && removed.isEmpty }

    /// The bytes to write behind a file whose last line is `end`.
    func encode(after end: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        for channel in channels { CredentialsEntry.channel(channel).append(to: &bytes) }
        for device in devices { CredentialsEntry.device(device).append(to: &bytes) }
        for device in removed { CredentialsEntry.removed(device).append(to: &bytes) }
        return bytes
            + CredentialsEntry.end(
                of: (end + bytes)[...], count: channels.count + devices.count + removed.count)
    }

    /// Reads the first change in the bytes behind a file.
    ///
    /// - Parameters:
    ///   - bytes: What follows the line `end`; the change that was read is removed.
    ///   - end: The last line before; replaced by the last line of the change.
    /// - Returns: The change; nil if its last line is not there yet.
    /// - Throws: `AccessError` if the bytes are not what `encode` makes.
    static func next(
        in bytes: inout ArraySlice<UInt8>, after end: inout [UInt8]
    ) throws(AccessError) -> CredentialsChange? {
        guard let last = CredentialsEntry.endLine(in: bytes) else { return nil }
        let content = bytes[..<last.lowerBound]
        let lines =
            content.isEmpty
            ? [] : content.dropLast().split(separator: TabText.lineFeed, omittingEmptySubsequences: false)
        guard bytes[last].elementsEqual(CredentialsEntry.end(of: (end + content)[...], count: lines.count))
        else {
            throw AccessError(
                "the end line of a change does not match its \(lines.count) entries: the credentials file is damaged"
            )
        }
        var change = CredentialsChange()
        for line in lines {
            switch TabText.fields(of: line).flatMap(CredentialsEntry.init(fields:)) {
            case .channel(let channel): change.channels.append(channel)
            case .device(let device): change.devices.append(device)
            case .removed(let device): change.removed.append(device)
            case .service, nil:
                throw AccessError("a line of a change of the credentials file is not an entry")
            }
        }
        end = Array(bytes[last])
        bytes = bytes[last.upperBound...]
        return change
    }
}

/// Names of logins.
public struct LoginNames: Sendable {
    private var products: Set<Name> = []
    private var devices: Set<DeviceName> = []

    /// No name.
    public init() {}

    /// The names of a change.
    init(_ change: CredentialsChange) {
        products = Set(change.channels.map { Name($0.product) })
        devices = Set(change.devices.map { DeviceName(product: $0.product, key: $0.key) })
            .union(change.removed.map { DeviceName(product: $0.product, key: $0.key) })
    }

    /// Whether there is no name.
    public var isEmpty: Bool { products.isEmpty && devices.isEmpty }

    /// Adds other names.
    public mutating func formUnion(_ other: LoginNames) {
        products.formUnion(other.products)
        devices.formUnion(other.devices)
    }

    /// Whether the channel or the device of a role is named.
    public func contains(_ role: Role) -> Bool {
        switch role {
        case .service: false
        case .channel(let product): products.contains(Name(product))
        case .device(let product, let key), .activation(let product, let key):
            products.contains(Name(product)) || devices.contains(DeviceName(product: product, key: key))
        }
    }
}
