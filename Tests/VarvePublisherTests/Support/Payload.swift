// Payload.swift — reads messages independently of the code that makes them, and keeps the texts of numbers.

import Foundation
import VarveModel
import VarveText

/// One reading in a message.
struct Reading: Hashable, Sendable, CustomStringConvertible {
    var device: String
    var point: String
    /// The text of the time in milliseconds.
    var time: String
    /// The JSON text of the value.
    var value: String
    var quality: String?

    var description: String { "\(device) \(point) \(time) \(value) \(quality ?? "-")" }

    /// Device, point and time of the reading.
    var key: String { "\(device)\t\(point)\t\(time)" }
}

/// Reads messages.
enum Payload {
    static func id(_ payload: [UInt8]) -> String { object(payload)["id"].map(string) ?? "" }

    /// All readings of a message; empty if the message has another form.
    static func readings(_ payload: [UInt8]) -> [Reading] {
        let message = object(payload)
        guard message["method"].map(string) == "integration.measurepoint.post",
            message["version"].map(string) == "1.0"
        else { return [] }
        return elements(message["params"] ?? []).flatMap { item -> [Reading] in
            let item = object(item)
            let points = members(item["measurepoints"] ?? [])
            return points.map { point, value in
                var reading = Reading(
                    device: string(item["deviceKey"] ?? []), point: point, time: text(item["time"] ?? []),
                    value: text(value))
                let parts = value.first == UInt8(ascii: "{") ? object(value) : [:]
                if let inner = parts["value"] {
                    reading.value = text(inner)
                    reading.quality = parts["quality"].map(text)
                }
                return reading
            }
        }
    }

    static func string(_ bytes: [UInt8]) -> String {
        (try? JSONDecoder().decode(String.self, from: Data(bytes))) ?? ""
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func object(_ bytes: [UInt8]) -> [String: [UInt8]] {
        Dictionary(members(bytes), uniquingKeysWith: { _, _ in Array("twice".utf8) })
    }

    private static func members(_ bytes: [UInt8]) -> [(String, [UInt8])] {
        var members: [(String, [UInt8])] = []
        walk(bytes) { scanner in
            let start = scanner.position
            _ = try scanner.skipString()
            let name = Array(bytes[start..<scanner.position])
            try scanner.expect(UInt8(ascii: ":"))
            let valueStart = scanner.position
            try scanner.skipValue()
            members.append((string(name), Array(bytes[valueStart..<scanner.position])))
        }
        return members
    }

    private static func elements(_ bytes: [UInt8]) -> [[UInt8]] {
        var elements: [[UInt8]] = []
        walk(bytes) { scanner in
            let start = scanner.position
            try scanner.skipValue()
            elements.append(Array(bytes[start..<scanner.position]))
        }
        return elements
    }

    /// Calls `visit` for each element between the brackets; stops at anything that is not compact JSON.
    private static func walk(_ bytes: [UInt8], _ visit: (inout JSONScanner) throws -> Void) {
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress, buffer.count > 2 else { return }
            var scanner = JSONScanner(base: base, count: buffer.count)
            scanner.position = 1
            while (try? visit(&scanner)) != nil, scanner.current == UInt8(ascii: ",") {
                scanner.position += 1
            }
        }
    }
}
