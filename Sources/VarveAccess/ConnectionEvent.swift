// ConnectionEvent.swift — something that happened at the broker's door, as one line of text.
//
// Fields parted by tabs: time in ns since 1970 UTC, event, client id, user name, address, product, channel, reason.
// Backslash, tab, line end and other controls are escaped (`\\`, `\t`, `\n`, `\xHH`), so that a client id cannot forge
// a line; each field is cut at 512 bytes.
//
// Invariants:
// - A line that `init(line:)` takes was whole.

/// A login, its refusal or end, or a denied topic.
package struct ConnectionEvent: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case connected
        case refused
        case disconnected
        case deniedPublish = "denied-publish"
        case deniedSubscribe = "denied-subscribe"
        /// Events of a flood that were only counted; the reason holds the number.
        case more
    }

    package var time: Int64
    package var kind: Kind
    package var client: String
    package var username: String
    package var address: String
    package var product: String
    package var channel: String
    /// Why it was refused, or the topic that was denied.
    package var reason: String

    package init(
        time: Int64, kind: Kind, client: String = "", username: String = "", address: String = "",
        product: String = "", channel: String = "", reason: String = ""
    ) {
        self.time = time
        self.kind = kind
        self.client = client
        self.username = username
        self.address = address
        self.product = product
        self.channel = channel
        self.reason = reason
    }

    private static let fieldBytes = 512

    /// The line, with its end.
    package var line: [UInt8] {
        var bytes = Array("\(time)\t\(kind.rawValue)".utf8)
        for field in [client, username, address, product, channel, reason] {
            bytes.append(UInt8(ascii: "\t"))
            Self.append(field, to: &bytes)
        }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// Reads a line without its end; nil if it is none.
    package init?(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map(
            Self.text)
        guard fields.count == 8, let time = Int64(fields[0]), let kind = Kind(rawValue: fields[1]) else {
            return nil
        }
        self.init(
            time: time, kind: kind, client: fields[2], username: fields[3], address: fields[4],
            product: fields[5], channel: fields[6], reason: fields[7])
    }

    private static func append(_ field: String, to bytes: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        for scalar in cut(field).unicodeScalars {
            switch scalar {
            case "\\": bytes.append(contentsOf: Array(#"\\"#.utf8))
            case "\t": bytes.append(contentsOf: Array(#"\t"#.utf8))
            case "\n": bytes.append(contentsOf: Array(#"\n"#.utf8))
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let value = Int(scalar.value)
                bytes.append(contentsOf: Array(#"\x"#.utf8) + [digits[value >> 4], digits[value & 15]])
            default: bytes.append(contentsOf: Array(String(scalar).utf8))
            }
        }
    }

    private static func cut(_ field: String) -> Substring {
        var end = field.startIndex
        var count = 0
        while end < field.endIndex {
            count += field[end].utf8.count
            if count > fieldBytes { break }
            end = field.index(after: end)
        }
        return field[..<end]
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        var rest = field
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch next {
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "x"):
                bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0x3F)
                rest = rest.dropFirst(2)
            default: bytes.append(next)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
