// ImportResult+JSON.swift — the line of `import --json`.

import VarveModel
import VarveText

extension ImportResult {
    /// The last line that `import --json` prints, without its line end.
    ///
    /// Empty lists about registration and zones are left out, and `notStored` if it is 0.
    public func jsonLine(seconds: Double) -> String {
        let counts: [(name: String, value: JSONText)] = [
            ("rows", .count(receipt.rows)), ("samples", .count(receipt.samples)),
            ("accepted", .count(receipt.accepted)), ("identical", .count(receipt.identical)),
            ("corrected", .count(receipt.corrected)), ("superseded", .count(receipt.superseded)),
            ("rejected", .count(receipt.rejected)), ("skipped", .count(receipt.skipped)),
            ("expired", .count(receipt.expired)), ("replayed", .count(receipt.replayed)),
        ]
        let terms: [(name: String, value: JSONText)] = [
            ("from", .optional(receipt.from?.description)), ("to", .optional(receipt.to?.description)),
            ("timeUnit", .optional(timeUnit)),
            ("seconds", .double((max(0, seconds) * 1000).rounded() / 1000)),
        ]
        let lists: [(name: String, elements: [JSONText])] = [
            ("newPoints", newPoints.map(\.json)), ("numericTexts", numericTexts.map(\.json)),
            ("zones", zones.map(\.json)), ("otherZones", otherZones.map(\.json)),
        ]
        let details = lists.filter { !$0.elements.isEmpty }.map {
            (name: $0.name, value: JSONText.array($0.elements))
        }
        let policy: [(name: String, value: JSONText)] =
            notStored > 0 ? [("notStored", .count(notStored))] : []
        return JSONText.object(counts + terms + policy + details).line()
    }
}

extension JSONText {
    fileprivate static func count(_ count: UInt64) -> JSONText { .integer(Int64(clamping: count)) }
}

extension NewPoint {
    fileprivate var json: JSONText {
        var members: [(name: String, value: JSONText)] = [
            ("type", .string(type.name)), ("mixed", .bool(isMixed)), ("numbers", .count(numbers)),
            ("texts", .count(texts)), ("words", .count(words)), ("numberLooks", .count(numberLooks)),
            ("looksLikeNumbers", .bool(looksLikeNumbers)),
        ]
        if let example { members.append(("example", .string(example))) }
        members += [("product", .string(product)), ("point", .string(point))]
        return .object(members)
    }
}

extension NumericTextPoint {
    fileprivate var json: JSONText {
        .object([("numbers", .count(numbers)), ("model", .string(model)), ("point", .string(point))])
    }
}

extension ZoneUse {
    fileprivate var json: JSONText {
        .object([
            ("assumed", .bool(isAssumed)), ("repeated", .count(repeated)),
            ("repeatedRejected", .count(repeatedRejected)), ("missing", .count(missing)),
            ("missingRejected", .count(missingRejected)), ("name", .string(name)),
            ("offsets", .string(offsets)),
        ])
    }
}

extension DeviceZone {
    fileprivate var json: JSONText {
        .object([("zone", .string(zone)), ("product", .string(product)), ("device", .string(device))])
    }
}
