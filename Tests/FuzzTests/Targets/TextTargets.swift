// TextTargets.swift — texts from outside: JSON, numbers, times.

import Glibc
import VarveModel
import VarveText

enum TextTargets {
    static let all = [
        FuzzTarget(
            name: "json", seeds: { [Array(#"{"b":[1,2.5e3,"x\u00e9\n"],"a":null}"#.utf8)] }, run: json),
        FuzzTarget(
            name: "number", seeds: { ["12.5", "-1e-7", "nan", "9007199254740993"].map { Array($0.utf8) } },
            run: number),
        FuzzTarget(
            name: "time", seeds: { ["2024-02-29T23:59:60.123456789+05:30"].map { Array($0.utf8) } },
            run: time),
    ]

    @Sendable private static func json(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard let canonical = canonical(bytes) else { return nil }
        guard canonical.count <= bytes.count else { return "canonical JSON is longer than its source" }
        let again = canonical.withUnsafeBytes(Self.canonical)
        return again == canonical ? nil : "canonical JSON of canonical JSON is another"
    }

    private static func canonical(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        var result: [UInt8] = []
        do throws(JSONFailure) {
            try CanonicalJSON.append(bytes.bindMemory(to: UInt8.self), to: &result)
        } catch {
            return nil
        }
        return result
    }

    @Sendable private static func number(_ bytes: UnsafeRawBufferPointer) -> String? {
        let text = Array(bytes.prefix(200))
        return text.withUnsafeBufferPointer { text -> String? in
            guard let base = text.baseAddress, let value = NumberText.double(base, text.count) else {
                return nil
            }
            let source = String(decoding: text, as: UTF8.self)
            let expected = strtod(source, nil)
            guard value.isNaN ? expected.isNaN : value.bitPattern == expected.bitPattern else {
                return "\(source) is read as \(value), not \(expected)"
            }
            return nil
        }
    }

    @Sendable private static func time(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard let time = try? Timestamp.parse(bytes, zone: FixedZone()) else { return nil }
        var text: [UInt8] = []
        time.appendRFC3339(to: &text)
        let again = text.withUnsafeBytes { try? Timestamp.parse($0, zone: FixedZone()) }
        return again == time
            ? nil : "\(time.nanoseconds) is written as \(String(decoding: text, as: UTF8.self))"
    }
}
