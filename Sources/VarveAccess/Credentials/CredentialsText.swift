// CredentialsText.swift — the bytes of the credentials file. CredentialsFile.md describes the format.
//
// Invariants:
// - Parsing returns what was encoded, or throws: a file with a byte changed, added or missing is refused.
// - It never traps, whatever the bytes.

import VarveCodec

extension Credentials {
    private static let version = "varve-credentials\t3"
    /// Nothing was written behind a file of this version.
    private static let secondVersion = "varve-credentials\t2"
    /// Without replaced secrets and activations.
    private static let firstVersion = "varve-credentials\t1"

    /// The bytes of the file, without changes behind it.
    public func encode() -> [UInt8] {
        var bytes = Array("\(Self.version)\n".utf8)
        if let service { CredentialsEntry.service(service).append(to: &bytes) }
        for channel in channels { CredentialsEntry.channel(channel).append(to: &bytes) }
        for device in devices { CredentialsEntry.device(device).append(to: &bytes) }
        bytes += CredentialsEntry.end(
            of: bytes[...], count: (service == nil ? 0 : 1) + channels.count + devices.count)
        return bytes
    }

    /// Reads the bytes of a file without changes behind it.
    ///
    /// - Throws: `AccessError` if they are not exactly what `encode` makes.
    public init(parsing bytes: [UInt8]) throws(AccessError) { try self.init(parsing: bytes[...]) }

    init(parsing bytes: ArraySlice<UInt8>) throws(AccessError) {
        let isFirst = bytes.starts(with: "\(Self.firstVersion)\n".utf8)
        guard
            isFirst || bytes.starts(with: "\(Self.secondVersion)\n".utf8)
                || bytes.starts(with: "\(Self.version)\n".utf8)
        else {
            throw AccessError(
                "the credentials file does not start with \"varve-credentials 3\": it is damaged or "
                    + "of another version; the service writes it again at its next start")
        }
        guard bytes.last == TabText.lineFeed,
            let before = bytes.dropLast().lastIndex(of: TabText.lineFeed)
        else { throw AccessError("the credentials file has no end line: it is not complete") }
        let content = bytes[...before]
        let lines = content.dropLast().split(separator: TabText.lineFeed, omittingEmptySubsequences: false)
            .dropFirst()
        guard bytes[(before + 1)...].elementsEqual(CredentialsEntry.end(of: content, count: lines.count))
        else {
            throw AccessError(
                "the credentials file's end line does not match its \(lines.count) entries: it is "
                    + "damaged or not complete")
        }
        self.init(service: nil)
        for (index, line) in lines.enumerated() {
            guard let fields = TabText.fields(of: line),
                let entry = CredentialsEntry(fields: isFirst ? CredentialsEntry.current(fields) : fields),
                add(entry)
            else {
                throw AccessError("line \(index + 2) of the credentials file is not an entry")
            }
        }
    }

    /// Adds an entry; false if it cannot be in the file.
    private mutating func add(_ entry: CredentialsEntry) -> Bool {
        switch entry {
        case .service(let service):
            guard self.service == nil else { return false }
            self.service = service
        case .channel(let channel): channels.append(channel)
        case .device(let device): devices.append(device)
        case .removed: return false
        }
        return true
    }
}

/// A line of the credentials file.
enum CredentialsEntry {
    case service(Credentials.Service)
    case channel(Credentials.Channel)
    case device(Credentials.Device)
    case removed(CredentialsChange.Removed)

    private static let activated = "activated", notActivated = "new"
    private static let endMark = Array("end\t".utf8)

    /// The entry of a line; nil if the line is not an entry.
    init?(fields: [String]) {
        switch (fields.first, fields.count) {
        case ("service", 3): self = .service(Credentials.Service(username: fields[1], password: fields[2]))
        case ("channel", 10) where fields[3] == "enabled" || fields[3] == "disabled":
            guard let secret = Self.replaced(fields[6...7]), let password = Self.replaced(fields[8...9])
            else { return nil }
            self = .channel(
                Credentials.Channel(
                    product: fields[1], name: fields[2], isEnabled: fields[3] == "enabled",
                    productSecret: fields[4], password: fields[5], replacedSecret: secret.first,
                    replacedPassword: password.first))
        case ("device", 5) where fields[4] == Self.activated || fields[4] == Self.notActivated:
            self = .device(
                Credentials.Device(
                    product: fields[1], key: fields[2], secret: fields[3],
                    isActivated: fields[4] == Self.activated))
        case ("removed", 3): self = .removed(CredentialsChange.Removed(product: fields[1], key: fields[2]))
        default: return nil
        }
    }

    /// Appends the line.
    func append(to bytes: inout [UInt8]) {
        TabText.append(fields: fields, to: &bytes)
        bytes.append(TabText.lineFeed)
    }

    private var fields: [String] {
        switch self {
        case .service(let service): ["service", service.username, service.password]
        case .channel(let channel):
            [
                "channel", channel.product, channel.name, channel.isEnabled ? "enabled" : "disabled",
                channel.productSecret, channel.password,
            ] + Self.fields(of: channel.replacedSecret) + Self.fields(of: channel.replacedPassword)
        case .device(let device):
            [
                "device", device.product, device.key, device.secret,
                device.isActivated ? Self.activated : Self.notActivated,
            ]
        case .removed(let device): ["removed", device.product, device.key]
        }
    }

    /// The fields of a line of the first version in the form of the current one.
    static func current(_ fields: [String]) -> [String] {
        switch (fields.first, fields.count) {
        case ("channel", 6): fields + ["", "", "", ""]
        case ("device", 4): fields + [notActivated]
        case ("service", _): fields
        default: []
        }
    }

    private static func fields(of replaced: Credentials.Replaced?) -> [String] {
        replaced.map { [$0.secret, "\($0.validUntil)"] } ?? ["", ""]
    }

    /// At most one replaced secret; nil if the fields do not describe one.
    private static func replaced(_ fields: ArraySlice<String>) -> [Credentials.Replaced]? {
        guard let secret = fields.first, let end = fields.last else { return nil }
        if secret.isEmpty, end.isEmpty { return [] }
        guard !secret.isEmpty, let time = Int64(end), "\(time)" == end else { return nil }
        return [Credentials.Replaced(secret: secret, validUntil: time)]
    }

    /// The last line: the number of entries, and the checksum of bytes before it.
    static func end(of content: ArraySlice<UInt8>, count: Int) -> [UInt8] {
        let checksum = content.withUnsafeBytes { Checksum.of($0) }
        return Array("end\t\(count)\t\(TabText.hex(checksum))\n".utf8)
    }

    /// The first line with the beginning of a last line, with its line feed; nil if no such line is complete.
    ///
    /// The bytes begin with a line.
    static func endLine(in bytes: ArraySlice<UInt8>) -> Range<Int>? {
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: TabText.lineFeed) {
            if bytes[start..<end].starts(with: endMark) { return start..<end + 1 }
            start = end + 1
        }
        return nil
    }
}
