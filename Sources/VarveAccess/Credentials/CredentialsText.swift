// CredentialsText.swift — the bytes of the credentials file. CredentialsFile.md describes the format.
//
// Invariants:
// - Parsing returns what was encoded, or throws: a file with a byte changed, added or missing is refused.
// - It never traps, whatever the bytes.

import VarveCodec

extension Credentials {
    private static let version = "varve-credentials\t1"

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
            add([
                "channel", channel.product, channel.name, channel.isEnabled ? "enabled" : "disabled",
                channel.productSecret, channel.password,
            ])
        }
        for device in devices { add(["device", device.product, device.key, device.secret]) }
        bytes += Self.end(of: bytes[...], count: count)
        return bytes
    }

    /// Reads the bytes of a file.
    ///
    /// - Throws: `AccessError` if they are not exactly what `encode` makes.
    public init(parsing bytes: [UInt8]) throws(AccessError) {
        guard bytes.starts(with: "\(Self.version)\n".utf8) else {
            throw AccessError(
                "the credentials file does not start with \"varve-credentials 1\": it is damaged or "
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
            guard let fields = TabText.fields(of: line), addEntry(fields) else {
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
        case ("channel", 6) where fields[3] == "enabled" || fields[3] == "disabled":
            channels.append(
                Channel(
                    product: fields[1], name: fields[2], isEnabled: fields[3] == "enabled",
                    productSecret: fields[4], password: fields[5]))
        case ("device", 4):
            devices.append(Device(product: fields[1], key: fields[2], secret: fields[3]))
        default: return false
        }
        return true
    }

    /// The last line: the number of entries, and the checksum of all bytes before it.
    private static func end(of content: ArraySlice<UInt8>, count: Int) -> [UInt8] {
        let checksum = content.withUnsafeBytes { Checksum.of($0) }
        return Array("end\t\(count)\t\(TabText.hex(checksum))\n".utf8)
    }
}
