// Credentials.swift — every login the broker accepts, as a file of lines.
//
// The first line is `varve-credentials` and the version; then one line an entry, fields parted by tabs (names have no
// control characters); the last line is `end`, the number of entries and the XXH3 checksum of all bytes before it in
// hexadecimal. So half a file, or a changed one, is never taken for a whole one.
//
//     service  user     password
//     channel  product  name  enabled|disabled  productSecret  password
//     device   product  key   secret
//
// Invariants:
// - What `encode` wrote, `init(parsing:)` reads back equal.

import VarveCodec

/// The login of the service itself.
package struct ServiceLogin: Hashable, Sendable {
    package var username: String
    package var password: String

    package init(username: String, password: String) {
        self.username = username
        self.password = password
    }
}

/// The login of a channel.
package struct ChannelLogin: Hashable, Sendable {
    package var product: String
    package var name: String
    package var isEnabled: Bool
    package var productSecret: String
    package var password: String

    package init(product: String, name: String, isEnabled: Bool, productSecret: String, password: String) {
        self.product = product
        self.name = name
        self.isEnabled = isEnabled
        self.productSecret = productSecret
        self.password = password
    }
}

/// The login of a device.
package struct DeviceLogin: Hashable, Sendable {
    package var product: String
    package var key: String
    package var secret: String

    package init(product: String, key: String, secret: String) {
        self.product = product
        self.key = key
        self.secret = secret
    }
}

/// A credentials file that cannot be used, in one line.
package struct CredentialsError: Error, Hashable, Sendable, CustomStringConvertible {
    package var line: Int
    package var reason: String

    package var description: String {
        "line \(line) of the credentials file \(reason); varve serve writes it anew"
    }
}

/// All logins.
package struct Credentials: Hashable, Sendable {
    package var service: ServiceLogin
    package var channels: [ChannelLogin] = []
    package var devices: [DeviceLogin] = []

    private static let version = "varve-credentials\t1"

    package init(service: ServiceLogin) {
        self.service = service
    }

    /// The bytes of the file.
    package func encode() -> [UInt8] {
        var text = Self.version + "\n"
        func add(_ fields: String...) { text += fields.joined(separator: "\t") + "\n" }
        add("service", service.username, service.password)
        for channel in channels {
            add(
                "channel", channel.product, channel.name, channel.isEnabled ? "enabled" : "disabled",
                channel.productSecret, channel.password)
        }
        for device in devices { add("device", device.product, device.key, device.secret) }
        let bytes = Array(text.utf8)
        let count = 1 + channels.count + devices.count
        return bytes + Array("end\t\(count)\t\(Self.checksum(bytes[...]))\n".utf8)
    }

    /// Reads the bytes of a file.
    package init(parsing bytes: [UInt8]) throws(CredentialsError) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.popLast()?.isEmpty == true, let last = lines.popLast() else {
            throw CredentialsError(line: 1, reason: "is missing")
        }
        guard lines.first.map({ String(decoding: $0, as: UTF8.self) }) == Self.version else {
            throw CredentialsError(line: 1, reason: "has an unknown version")
        }
        let end = Self.fields(last)
        guard end.count == 3, end[0] == "end", Int(end[1]) == lines.count - 1,
            end[2] == Self.checksum(bytes[..<last.startIndex])
        else { throw CredentialsError(line: lines.count + 1, reason: "does not end the file as it should") }
        var service: ServiceLogin?
        var channels: [ChannelLogin] = []
        var devices: [DeviceLogin] = []
        for (index, line) in lines.enumerated().dropFirst() {
            let fields = Self.fields(line)
            switch (fields.first, fields.count) {
            case ("service", 3): service = ServiceLogin(username: fields[1], password: fields[2])
            case ("channel", 6):
                channels.append(
                    ChannelLogin(
                        product: fields[1], name: fields[2], isEnabled: fields[3] == "enabled",
                        productSecret: fields[4], password: fields[5]))
            case ("device", 4):
                devices.append(DeviceLogin(product: fields[1], key: fields[2], secret: fields[3]))
            default: throw CredentialsError(line: index + 1, reason: "is no entry")
            }
        }
        guard let service else { throw CredentialsError(line: 2, reason: "does not name the service") }
        self.service = service
        self.channels = channels
        self.devices = devices
    }

    private static func fields(_ line: ArraySlice<UInt8>) -> [String] {
        line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> String {
        String(bytes.withUnsafeBytes { Checksum.of($0) }, radix: 16)
    }
}
