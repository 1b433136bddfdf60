// LogPrinter.swift — entries of the message log as a table or as JSON lines.
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

/// Turns entries into text.
protocol LogPrinter {
    /// The lines of the entries, each with its line end.
    mutating func text(_ entries: [LogEntry]) -> String
}

/// Columns for people.
struct LogTable: LogPrinter {
    private let clock: LocalTimeText
    private var table = TextTable([
        .init(title: "TIME"), .init(title: "KIND"), .init(title: "CHANNEL"), .init(title: "CLIENT"),
        .init(title: "CODE", isNumber: true), .init(title: "EVENT"), .init(title: "WHAT"),
    ])

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
            let numbers = [
                (counts.accepted, "accepted"), (counts.identical, "identical"),
                (counts.corrected, "corrected"), (counts.superseded, "superseded"),
                (counts.expired, "expired"), (counts.replayed, "replayed"),
            ]
            parts += numbers.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        }
        if let device = entry.device, entry.reason?.contains(device) != true {
            parts.append("device \(device)")
        }
        if let id = entry.messageID { parts.append("id \(id)") }
        if let bytes = entry.bytes { parts.append("\(bytes) bytes") }
        if let address = entry.address { parts.append("from \(address)") }
        if let topic = entry.topic { parts.append(topic) }
        return printable(parts.joined(separator: ", "))
    }
}

/// One JSON object a line; members that an entry does not have are left out.
struct LogLines: LogPrinter {
    func text(_ entries: [LogEntry]) -> String {
        entries.map { escaped(object($0).line()) + "\n" }.joined()
    }

    private func object(_ entry: LogEntry) -> JSONText {
        var members: [(name: String, value: JSONText)] = [
            ("id", .integer(entry.id)), ("time", .string(entry.time.description)),
            ("kind", .string(entry.kind.name)), ("event", .string(entry.event.name)),
        ]
        func add(_ name: String, _ text: String?) {
            if let text { members.append((name, .string(text))) }
        }
        func add(_ name: String, _ number: Int?) {
            if let number { members.append((name, .integer(Int64(number)))) }
        }
        add("channel", entry.channel)
        add("product", entry.product)
        add("client", entry.client)
        add("address", entry.address)
        add("device", entry.device)
        add("messageId", entry.messageID)
        add("code", entry.code)
        add("topic", entry.topic)
        add("bytes", entry.bytes)
        if let counts = entry.counts {
            add("accepted", Int(clamping: counts.accepted))
            add("identical", Int(clamping: counts.identical))
            add("corrected", Int(clamping: counts.corrected))
            add("superseded", Int(clamping: counts.superseded))
            add("expired", Int(clamping: counts.expired))
            add("replayed", Int(clamping: counts.replayed))
        }
        add("reason", entry.reason)
        if let payload = entry.payload {
            if let text = Self.text(payload, isCut: entry.isCut) {
                add("payload", text)
            } else {
                add("payloadBase64", Data(payload).base64EncodedString())
            }
            members.append(("payloadCut", .bool(entry.isCut)))
        }
        return .object(members)
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
