// ItemReader+Documents.swift — the contents of events and the values of attributes, which are JSON whatever their data
// type is.
//
// Invariants:
// - What is kept is canonical JSON that its data type takes; a value that is at fault has no row.

import VarveModel
import VarveText

extension ItemReader {
    /// Reads the content of an event or the value of an attribute, and adds its row.
    ///
    /// An event becomes an array of one element, because two events of one time are both kept. An attribute that is
    /// `null` has no value and is skipped.
    mutating func readDocument(
        _ scanner: inout JSONScanner, _ kind: ProductPoints.Kind, _ slot: Int, _ item: Item,
        _ series: UInt64
    ) throws {
        let start = scanner.position
        try scanner.skipValue(depth: 4)
        let source = UnsafeBufferPointer(start: scanner.base + start, count: scanner.position - start)
        if form == .attributes, source.first == UInt8(ascii: "n") { return rows.skip() }
        let offset = rows.text.count
        if form == .events { rows.text.append(UInt8(ascii: "[")) }
        if let failure = appendDocument(source, kind, item, series) {
            rows.text.removeLast(rows.text.count - offset)
            return try report(failure, scanner, item, point: pointName(series))
        }
        if form == .events { rows.text.append(UInt8(ascii: "]")) }
        rows.append(slot: slot, bits: UInt64(offset) << 32 | UInt64(rows.text.count - offset), state: 0)
    }

    /// Appends the canonical form of a value to the texts of the message; returns why it cannot be kept.
    private mutating func appendDocument(
        _ source: UnsafeBufferPointer<UInt8>, _ kind: ProductPoints.Kind, _ item: Item, _ series: UInt64
    ) -> RequestFailure? {
        let start = rows.text.count
        let place = "\(item.place), \(form.noun) \(pointName(series))"
        do throws(JSONFailure) {
            try CanonicalJSON.append(source, to: &rows.text)
        } catch {
            return RequestFailure(.malformed, "\(place): the value \(error.description)")
        }
        guard let rule = points.rule(of: kind), let refusal = checkJSON(from: start, rule) else { return nil }
        return RequestFailure(.modelMismatch, "\(place) is \(rule.name), and \(refusal)")
    }

    /// Holds the JSON at the end of the message's texts, from an offset on, against a data type.
    ///
    /// - Returns: Why it does not fit, as a clause; nil if it fits, and then numbers may have replaced texts in it.
    mutating func checkJSON(from start: Int, _ rule: ValueRule) -> String? {
        let json = Array(rows.text[start...])
        rows.text.removeLast(json.count)
        return json.withUnsafeBufferPointer {
            rule.append($0, takesNumericTexts: takesNumericTexts, to: &rows.text)
        }
    }

    /// Whether a text such as `"1.02"` is taken as the number in it.
    var takesNumericTexts: Bool { points.settings?.takesNumericTexts ?? false }
}
