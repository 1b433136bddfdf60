// CredentialsText.swift — the bytes of the credentials file. CredentialsFile.md describes the format.
//
// Invariants:
// - Parsing returns what was encoded, or throws: a file with a byte changed, added or missing is refused.
// - It never traps, whatever the bytes.

import VarveCodec

extension Credentials {
    private static let version = "varve-credentials\t2"
    /// Without replaced secrets and activations.
    private static let firstVersion = "varve-credentials\t1"

    /// The bytes of the file.
    public func encode() -> [UInt8] {
        var bytes = Array("\(Self.version)\n".utf8)
        var count = 0
        func add(_ fields: [String]) {
            TabText.append(fields: fields, to: &bytes)
            bytes.append(TabText.lineFeed)
            count += 1
        }
        if let service { add(["service", service.username, service.password]) }
        for channel in channels {
            add(
                [
                    "channel", channel.product, channel.name, channel.isEnabled ? "enabled" : "disabled",
                    channel.productSecret, channel.password,
                ] + Self.fields(of: channel.replacedSecret) + Self.fields(of: channel.replacedPassword))
        }
        for device in devices {
            add([
                "device", device.product, device.key, device.secret,
                device.isActivated ? Self.activated : Self.notActivated,
            ])
        }
        bytes += Self.end(of: bytes[...], count: count)
        return bytes
    }

    /// Reads the bytes of a file.
    ///
    /// - Throws: `AccessError` if they are not exactly what `encode` makes.
    public init(parsing bytes: [UInt8]) throws(AccessError) {
        let isFirst = bytes.starts(with: "\(Self.firstVersion)\n".utf8)
        guard isFirst || bytes.starts(with: "\(Self.version)\n".utf8) else {
            throw AccessError(
                "the credentials file does not start with \"varve-credentials 2\": it is damaged or "
                    + "of another version; the service writes it again at its next start")
        }
        guard bytes.last == TabText.lineFeed,
            let before = bytes.dropLast().lastIndex(of: TabText.lineFeed)
        else { throw AccessError("the credentials file has no end line: it is not complete") }
        let content = bytes[...before]
        let lines = content.dropLast().split(separator: TabText.lineFeed, omittingEmptySubsequences: false)
            .dropFirst()
        guard bytes[(before + 1)...].elementsEqual(Self.end(of: content, count: lines.count)) else {
            throw AccessError(
                "the credentials file's end line does not match its \(lines.count) entries: it is "
                    + "damaged or not complete")
        }
        self.init(service: nil)
        for (index, line) in lines.enumerated() {
            guard let fields = TabText.fields(of: line), addEntry(isFirst ? Self.current(fields) : fields)
            else {
                throw AccessError("line \(index + 2) of the credentials file is not an entry")
            }
        }
    }

    /// Adds the entry of one line.
    ///
    /// False if the line is not an entry.
    private mutating func addEntry(_ fields: [String]) -> Bool {
        switch (fields.first, fields.count) {
        case ("service", 3) where service == nil:
            service = Service(username: fields[1], password: fields[2])
        case ("channel", 10) where fields[3] == "enabled" || fields[3] == "disabled":
            guard let secret = Self.replaced(fields[6...7]), let password = Self.replaced(fields[8...9])
            else { return false }
            channels.append(
                Channel(
                    product: fields[1], name: fields[2], isEnabled: fields[3] == "enabled",
                    productSecret: fields[4], password: fields[5], replacedSecret: secret.first,
                    replacedPassword: password.first))
        case ("device", 5) where fields[4] == Self.activated || fields[4] == Self.notActivated:
            devices.append(
                Device(
                    product: fields[1], key: fields[2], secret: fields[3],
                    isActivated: fields[4] == Self.activated))
        default: return false
        }
        return true
    }

    private static let activated = "activated", notActivated = "new"

    /// The fields of a line of the first version in the form of the current one.
    private static func current(_ fields: [String]) -> [String] {
        switch (fields.first, fields.count) {
        case ("channel", 6): fields + ["", "", "", ""]
        case ("device", 4): fields + [notActivated]
        case ("service", _): fields
        default: []
        }
    }

    private static func fields(of replaced: Replaced?) -> [String] {
        replaced.map { [$0.secret, "\($0.validUntil)"] } ?? ["", ""]
    }

    /// At most one replaced secret; nil if the fields do not describe one.
    private static func replaced(_ fields: ArraySlice<String>) -> [Replaced]? {
        guard let secret = fields.first, let end = fields.last else { return nil }
        if secret.isEmpty, end.isEmpty { return [] }
        guard !secret.isEmpty, let time = Int64(end), "\(time)" == end else { return nil }
        return [Replaced(secret: secret, validUntil: time)]
    }

    /// The last line: the number of entries, and the checksum of all bytes before it.
    private static func end(of content: ArraySlice<UInt8>, count: Int) -> [UInt8] {
        let checksum = content.withUnsafeBytes { Checksum.of($0) }
        return Array("end\t\(count)\t\(TabText.hex(checksum))\n".utf8)
    }
}
