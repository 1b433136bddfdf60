// LogPrinter.swift — entries of the message log as a table, as CSV, as JSON lines or as one JSON array.
//
// The names of columns and members stay: scripts rely on them (MessageLog.md of the guides).
//
// Invariants:
// - An entry is one line.
// - Control characters are printed as escapes, so text from a client cannot steer a terminal.

public import ArgumentParser
import Foundation
import VarveMessageLog
import VarveModel
import VarveText

extension LogEntry.Kind: ExpressibleByArgument {
    init?(argument: String) {
        guard let kind = LogEntry.Kind.allCases.first(where: { $0.name == argument }) else { return nil }
        self = kind
    }

    static var allValueStrings: [String] { allCases.map(\.name) }
}

extension LogEntry.Event: ExpressibleByArgument {
    init?(argument: String) {
        guard let event = LogEntry.Event.allCases.first(where: { $0.name == argument }) else { return nil }
        self = event
    }

    static var allValueStrings: [String] { allCases.map(\.name) }
}

extension LogEntry.Category: ExpressibleByArgument {
    init?(argument: String) {
        guard let category = LogEntry.Category.allCases.first(where: { $0.name == argument }) else {
            return nil
        }
        self = category
    }

    static var allValueStrings: [String] { allCases.map(\.name) }
}

/// Turns entries into text.
protocol LogPrinter {
    /// The lines of the entries, each with its line end, after what comes before the first entry.
    mutating func text(_ entries: [LogEntry]) -> String
    /// What comes after the last entry.
    func end() -> String
}

extension LogPrinter {
    func end() -> String { "" }
}

/// Columns for people.
struct LogTable: LogPrinter {
    private let clock: LocalTimeText
    private var table = TextTable([
        .init(title: "TIME"), .init(title: "KIND"), .init(title: "CHANNEL"), .init(title: "CLIENT"),
        .init(title: "CODE", isNumber: true), .init(title: "EVENT"), .init(title: "WHAT"),
    ])

    /// The bytes of a payload that is not text which the table shows.
    private static let hexBytes = 16

    init(zone: (any ZoneRules)?) {
        clock = LocalTimeText(zone: zone)
    }

    mutating func text(_ entries: [LogEntry]) -> String {
        for entry in entries {
            table.append([
                clock.full(entry.time.nanoseconds), entry.kind.name, entry.channel.map(printable),
                entry.client.map(Self.client), entry.code.map(String.init), entry.event.name, what(entry),
            ])
        }
        return table.takeLines()
    }

    /// The client id; of a signed one only the part before `|`, as the rest differs at each login.
    private static func client(_ id: String) -> String {
        guard let end = id.firstIndex(of: "|"), id.hasSuffix("|") else { return printable(id) }
        return printable("\(id[..<end])|…")
    }

    /// The reason, then the counts, then the other fields, short ones first.
    private func what(_ entry: LogEntry) -> String {
        var parts: [String] = []
        if let reason = entry.reason { parts.append(reason) }
        if let counts = entry.counts {
            parts += counts.named.filter { $0.count > 0 }.map { "\($0.count) \($0.name)" }
        }
        if let line = entry.scriptLine { parts.append("line \(line) of the script") }
        if let device = entry.device, entry.reason?.contains(device) != true {
            parts.append("device \(device)")
        }
        if let id = entry.messageID { parts.append("id \(id)") }
        if let bytes = entry.bytes { parts.append("\(bytes) bytes") }
        if let commit = entry.commit { parts.append("commit \(commit)") }
        if let latency = entry.latency { parts.append("\(LogValues.milliseconds(latency)) ms") }
        if let address = entry.address { parts.append("from \(address)") }
        if let topic = entry.topic, entry.reason?.contains(topic) != true { parts.append(topic) }
        // The reason of a script's failure has the payload already.
        let hasPayload = entry.reason?.contains("; payload 0x") == true
        if entry.kind == .error, !hasPayload, let hex = LogValues.hex(entry, limit: Self.hexBytes) {
            parts.append("payload \(hex)")
        }
        return printable(parts.joined(separator: ", "))
    }
}

/// The fields of an entry by the names of columns and members.
enum LogValues {
    /// A field.
    enum Value {
        case text(String)
        case integer(Int64)
        case milliseconds(Int64)
        case bool(Bool)
    }

    /// The names of all columns in their order.
    static let names = [
        "id", "time", "kind", "event", "category", "channel", "product", "client", "address", "device",
        "messageId", "code", "topic", "bytes", "items", "accepted", "identical", "corrected", "superseded",
        "expired", "replayed", "rejected", "skipped", "commit", "latencyMs", "scriptLine", "reason",
        "payload",
        "payloadBase64", "payloadHex", "payloadCut",
    ]

    /// The fields that an entry has, in the order of `names`.
    static func of(_ entry: LogEntry) -> [(name: String, value: Value)] {
        var fields: [(name: String, value: Value)] = [
            ("id", .integer(entry.id)), ("time", .text(entry.time.description)),
            ("kind", .text(entry.kind.name)), ("event", .text(entry.event.name)),
        ]
        func add(_ name: String, _ text: String?) {
            if let text { fields.append((name, .text(text))) }
        }
        func add(_ name: String, _ number: Int?) {
            if let number { fields.append((name, .integer(Int64(number)))) }
        }
        add("category", entry.category?.name)
        add("channel", entry.channel)
        add("product", entry.product)
        add("client", entry.client)
        add("address", entry.address)
        add("device", entry.device)
        add("messageId", entry.messageID)
        add("code", entry.code)
        add("topic", entry.topic)
        add("bytes", entry.bytes)
        add("items", entry.items)
        for (name, count) in entry.counts?.named ?? [] { add(name, Int(clamping: count)) }
        add("commit", entry.commit.map { Int(clamping: $0) })
        if let latency = entry.latency { fields.append(("latencyMs", .milliseconds(latency))) }
        add("scriptLine", entry.scriptLine)
        add("reason", entry.reason)
        if let payload = entry.payload {
            let text = text(payload, isCut: entry.isCut)
            add("payload", text)
            if text == nil || isRaw(entry) {
                add("payloadBase64", Data(payload).base64EncodedString())
                add("payloadHex", hex(payload[...]))
            }
            fields.append(("payloadCut", .bool(entry.isCut)))
        }
        return fields
    }

    /// Milliseconds with three decimals at most.
    static func milliseconds(_ nanoseconds: Int64) -> String {
        ValueText.string((Double(nanoseconds) / 1000).rounded() / 1000)
    }

    /// Whether the payload has a form of the product's own, in which bytes that are text mean nothing.
    private static func isRaw(_ entry: LogEntry) -> Bool { entry.topic?.hasSuffix("/up_raw") == true }

    /// At most `limit` bytes of a payload that is not text or is raw, in hex; nil for text.
    static func hex(_ entry: LogEntry, limit: Int) -> String? {
        guard let payload = entry.payload, isRaw(entry) || text(payload, isCut: entry.isCut) == nil else {
            return nil
        }
        return hex(payload.prefix(limit)) + (payload.count > limit || entry.isCut ? "…" : "")
    }

    private static func hex(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The payload if it is UTF-8.
    ///
    /// Part of a character at the end of a cut payload is dropped.
    private static func text(_ payload: [UInt8], isCut: Bool) -> String? {
        for missing in 0...(isCut ? min(3, payload.count) : 0) {
            if let text = String(validating: payload.dropLast(missing), as: UTF8.self) { return text }
        }
        return nil
    }
}

/// A header, then one line an entry; invisible characters are written as escapes.
struct LogCSV: LogPrinter {
    private var hasHeader = false

    mutating func text(_ entries: [LogEntry]) -> String {
        var bytes: [UInt8] = []
        if !hasHeader { bytes.append(contentsOf: (LogValues.names.joined(separator: ",") + "\n").utf8) }
        hasHeader = true
        for entry in entries {
            var fields = LogValues.of(entry)[...]
            for (index, name) in LogValues.names.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                guard fields.first?.name == name, let field = fields.popFirst() else { continue }
                switch field.value {
                case .text(let text): CSVText.append(text.visible, to: &bytes)
                case .integer(let number): bytes.append(contentsOf: String(number).utf8)
                case .milliseconds(let latency):
                    bytes.append(contentsOf: LogValues.milliseconds(latency).utf8)
                case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
                }
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// One JSON object a line; members that an entry does not have are left out.
///
/// As an array, the objects are its elements.
struct LogLines: LogPrinter {
    /// Whether the lines are one JSON array.
    let isArray: Bool
    private var separator = "["

    init(isArray: Bool = false) {
        self.isArray = isArray
    }

    mutating func text(_ entries: [LogEntry]) -> String {
        guard isArray else { return entries.map { line($0) + "\n" }.joined() }
        return entries.reduce(into: "") { text, entry in
            text += separator + "\n" + line(entry)
            separator = ","
        }
    }

    func end() -> String {
        guard isArray else { return "" }
        return separator == "[" ? "[]\n" : "\n]\n"
    }

    private func line(_ entry: LogEntry) -> String {
        let members = LogValues.of(entry).map { field in
            let value: JSONText =
                switch field.value {
                case .text(let text): .string(text)
                case .integer(let number): .integer(number)
                case .milliseconds(let latency): .double((Double(latency) / 1000).rounded() / 1000)
                case .bool(let flag): .bool(flag)
                }
            return (name: field.name, value: value)
        }
        return escaped(JSONText.object(members).line())
    }

    /// JSON with escapes for control and invisible characters, which occur only in its strings.
    private func escaped(_ line: String) -> String {
        func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
        guard !line.unicodeScalars.allSatisfy(isHarmless) else { return line }
        return line.unicodeScalars.reduce(into: "") { result, scalar in
            guard !isHarmless(scalar) else { return result.unicodeScalars.append(scalar) }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
    }
}
