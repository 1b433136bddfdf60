// ItemReader+Values.swift — a reading: a bare value, or `{"value":…,"quality":…}`.
//
// For a point of type `json`, an object is the pair only if it has exactly these two members and the quality is a
// number or null. Any other object is the value. A value that looks like the pair must be sent inside a pair.
//
// The rule of a point, if it has one, is asked about a value that fits the type. Then the product's policy changes the
// value, and the rule of the point as which it is stored is asked.
//
// Invariants:
// - A value is taken exactly or not at all. The only rounding is that of decimal text to the nearest double.
// - A value that does not fit is refused only after all of it was found to be valid JSON.

import VarveModel
import VarveText

extension ItemReader {
    /// What a point makes of a value.
    private enum Reading {
        case bits(UInt64)
        case missing
        /// It does not fit; the text says what would fit.
        case failure(String)
        /// Something inside it does not fit; the clause says what.
        case misfit(String)
    }

    /// The members of a value with quality.
    private struct Pair {
        var value: Range<Int>?
        var quality: Range<Int>?
        var members = 0
    }

    /// Reads the value at the scanner's position and adds its row.
    ///
    /// - Throws: `RequestFailure` if the value or its quality does not fit, `JSONFailure`.
    @inline(__always)
    mutating func readValue(
        _ scanner: inout JSONScanner, _ kind: ProductPoints.Kind, _ slot: Int, _ item: Item, _ series: UInt64
    ) throws {
        let first = scanner.current
        if kind.type == .double, kind.demands == 0,
            first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10
        {
            let start = scanner.position
            try scanner.skipNumber()
            if let value = NumberText.double(scanner.base + start, scanner.position &- start) {
                return rows.append(slot: slot, bits: value.bitPattern, state: 0)
            }
            scanner.position = start
        }
        try readOther(&scanner, kind, slot, item, series)
    }

    @inline(never)
    private mutating func readOther(
        _ scanner: inout JSONScanner, _ kind: ProductPoints.Kind, _ slot: Int, _ item: Item, _ series: UInt64
    ) throws {
        let start = scanner.position
        guard scanner.current == UInt8(ascii: "{") else {
            try scanner.skipValue(depth: 4)
            return try add(scanner, start..<scanner.position, nil, kind, slot, item, series)
        }
        let members = try readPair(&scanner, item, series, isStrict: kind.type != .json)
        let whole = start..<scanner.position
        guard let members else { return try add(scanner, whole, nil, kind, slot, item, series) }
        guard let value = members.value else {
            throw mismatch(
                scanner, item, series, "\(name(of: kind)), and an object without a value does not fit")
        }
        try add(scanner, value, members.quality, kind, slot, item, series)
    }

    /// Passes an object and finds the value and the quality in it.
    ///
    /// - Parameter isStrict: Whether the object must be the pair; false for points of type `json`.
    /// - Returns: Nil if `isStrict` is false and the object is not the pair.
    private mutating func readPair(
        _ scanner: inout JSONScanner, _ item: Item, _ series: UInt64, isStrict: Bool
    ) throws -> Pair? {
        var found = Pair()
        var others = IgnoredNames()
        var hasMember = try scanner.enterObject()
        while hasMember {
            let token = try scanner.memberName()
            let name = decoded.text(scanner, token)
            let isValue = name.equals("value")
            let isQuality = name.equals("quality")
            // For a point of type `json`, the canonical form finds repeated members.
            if isStrict,
                isValue ? found.value != nil : isQuality ? found.quality != nil : !others.insert(name)
            {
                throw Self.repeated(
                    Excerpt.of(name), in: "\(item.place), point \(pointName(series)): the value")
            }
            let start = scanner.position
            try scanner.skipValue(depth: 5)
            if isValue { found.value = start..<scanner.position }
            if isQuality { found.quality = start..<scanner.position }
            if isStrict, !isValue, !isQuality { notes.addIgnored(name) }
            found.members += 1
            hasMember = try scanner.nextMember()
        }
        if isStrict { return found }
        guard found.members == 2, found.value != nil, let quality = found.quality else { return nil }
        let first = scanner.base[quality.lowerBound]
        let isNumber = first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10
        return isNumber || first == UInt8(ascii: "n") ? found : nil
    }

    /// Adds the row of a value and its quality.
    private mutating func add(
        _ scanner: JSONScanner, _ value: Range<Int>, _ quality: Range<Int>?, _ kind: ProductPoints.Kind,
        _ slot: Int, _ item: Item, _ series: UInt64
    ) throws {
        let code = try quality.flatMap { try readQuality(scanner, $0, item, series) }
        switch try read(scanner, value, kind, item, series) {
        case .bits(let bits):
            rows.append(slot: slot, bits: bits, state: code.map { SampleState(quality: $0).bits } ?? 0)
        case .missing:
            guard let code else { return rows.skip() }
            let state = SampleState(quality: code, isMissing: true)
            rows.append(slot: slot, bits: 0, state: state.bits)
        case .failure(let wanted):
            let text = UnsafeBufferPointer(start: scanner.base + value.lowerBound, count: value.count)
            let isNumber =
                takesNumericTexts
                && (NumericText.content(of: text) != nil || NumericText.escapedContent(of: text) != nil)
            let isQuoted = text[0] == UInt8(ascii: "\"") && !kind.type.isText && !isNumber
            let fitting = points.rule(of: kind)?.wanted ?? wanted
            let what = isQuoted ? "a text: it takes \(fitting), without quotes" : "not \(fitting)"
            throw mismatch(
                scanner, item, series, "\(name(of: kind)), and \(Excerpt.of(text)) is \(what)")
        case .misfit(let clause): throw mismatch(scanner, item, series, "\(name(of: kind)), and \(clause)")
        }
    }

    private func readQuality(
        _ scanner: JSONScanner, _ range: Range<Int>, _ item: Item, _ series: UInt64
    ) throws -> Int32? {
        let base = scanner.base + range.lowerBound
        if range.count == 1, base[0] &- UInt8(ascii: "0") < 10 { return Int32(base[0] - UInt8(ascii: "0")) }
        if base[0] == UInt8(ascii: "n") { return nil }
        if base[0] == UInt8(ascii: "-") || base[0] &- UInt8(ascii: "0") < 10,
            let value = NumberText.int64(base, range.count), let code = Int32(exactly: value)
        {
            return code
        }
        throw RequestFailure(
            .modelMismatch,
            "\(item.place), point \(pointName(series)): the quality "
                + "\(Excerpt.of(UnsafeBufferPointer(start: base, count: range.count))) is not an integer of 32 bits",
            device: nil)
    }

    /// Reads a value as the type of its point, asks the point's rule, and does what the policy says.
    private mutating func read(
        _ scanner: JSONScanner, _ range: Range<Int>, _ kind: ProductPoints.Kind, _ item: Item,
        _ series: UInt64
    ) throws -> Reading {
        let reading = try readAsSent(scanner, range, kind, item, series)
        guard case .bits(var bits) = reading, let demands = points.demands(of: kind) else { return reading }
        if let processing = demands.processing {
            guard let result = processing.apply(bits, kind.type) else {
                let value =
                    kind.type == .double ? "\(Double(bitPattern: bits))" : "\(Int64(bitPattern: bits))"
                return .misfit("the policy of its product makes a value of \(value) that it cannot hold")
            }
            bits = result
        }
        guard let rule = demands.storedRule else { return .bits(bits) }
        let clause: String?
        switch kind.type {
        case .int64:
            let integer = Int64(bitPattern: bits)
            clause = rule.takes(integer) ? nil : "\(integer) is not \(rule.wanted)"
        case .string:
            let text = Array(rows.text[Int(bits >> 32)...])
            clause = text.withUnsafeBufferPointer {
                rule.takes($0) ? nil : "\(Excerpt.of($0)) is not \(rule.wanted)"
            }
        case .json:
            let start = Int(bits >> 32)
            clause = checkJSON(from: start, rule)
            bits = UInt64(start) << 32 | UInt64(rows.text.count - start)
        case .double, .bool: clause = nil
        }
        return clause.map { .misfit("the policy of its product stores it as \(rule.name), and \($0)") }
            ?? .bits(bits)
    }

    /// Reads a value as the type of its point, and asks the point's rule.
    private mutating func readAsSent(
        _ scanner: JSONScanner, _ range: Range<Int>, _ kind: ProductPoints.Kind, _ item: Item,
        _ series: UInt64
    ) throws -> Reading {
        let reading = try read(scanner, range, kind.type, item, series)
        guard let rule = points.rule(of: kind), case .bits(let bits) = reading else { return reading }
        switch kind.type {
        case .int64: return rule.takes(Int64(bitPattern: bits)) ? reading : .failure(rule.wanted)
        case .string:
            let text = Int(bits >> 32)..<rows.text.count
            let fits = rows.text.withUnsafeBufferPointer {
                rule.takes(UnsafeBufferPointer(rebasing: $0[text]))
            }
            return fits ? reading : .failure(rule.wanted)
        case .json:
            let start = Int(bits >> 32)
            if let clause = checkJSON(from: start, rule) { return .misfit(clause) }
            return .bits(UInt64(start) << 32 | UInt64(rows.text.count - start))
        case .double, .bool: return reading
        }
    }

    private mutating func read(
        _ scanner: JSONScanner, _ whole: Range<Int>, _ type: ValueType, _ item: Item, _ series: UInt64
    ) throws -> Reading {
        var range = whole
        if scanner.base[range.lowerBound] == UInt8(ascii: "\""), !type.isText, takesNumericTexts {
            let text = UnsafeBufferPointer(start: scanner.base + range.lowerBound, count: range.count)
            if NumericText.content(of: text) != nil {
                range = range.lowerBound + 1..<range.upperBound - 1
            } else if let number = NumericText.escapedContent(of: text) {
                return try number.withUnsafeBufferPointer { number in
                    guard let base = number.baseAddress else { return .missing }
                    let scanner = JSONScanner(base: base, count: number.count)
                    return try read(scanner, 0..<number.count, type, item, series)
                }
            }
        }
        let base = scanner.base + range.lowerBound
        let first = base[0]
        if first == UInt8(ascii: "n") { return .missing }
        let isNumber = first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10
        switch type {
        case .double:
            let text = UnsafeBufferPointer(start: base, count: range.count)
            let value = isNumber ? NumberText.double(base, range.count) : NumericText.special(text)
            return value.map { .bits($0.bitPattern) } ?? .failure("a number that it can hold")
        case .int64:
            guard isNumber, let value = NumberText.int64(base, range.count) else {
                return .failure("an integer of 64 bits")
            }
            return .bits(UInt64(bitPattern: value))
        case .bool:
            if first == UInt8(ascii: "t") || first == UInt8(ascii: "f") {
                return .bits(first == UInt8(ascii: "t") ? 1 : 0)
            }
            guard isNumber, let value = NumberText.int64(base, range.count), value == 0 || value == 1 else {
                return .failure("true, false, 1 or 0")
            }
            return .bits(UInt64(value))
        case .string:
            guard first == UInt8(ascii: "\"") else { return .failure("a string") }
            let start = rows.text.count
            scanner.appendText(of: range.lowerBound + 1..<range.upperBound - 1, to: &rows.text)
            return .bits(UInt64(start) << 32 | UInt64(rows.text.count - start))
        case .json: return try readJSON(UnsafeBufferPointer(start: base, count: range.count), item, series)
        }
    }

    private mutating func readJSON(
        _ text: UnsafeBufferPointer<UInt8>, _ item: Item, _ series: UInt64
    ) throws -> Reading {
        let start = rows.text.count
        do throws(JSONFailure) {
            try CanonicalJSON.append(text, to: &rows.text)
        } catch {
            throw RequestFailure(
                .malformed, "\(item.place), point \(pointName(series)): the value \(error.description)")
        }
        return .bits(UInt64(start) << 32 | UInt64(rows.text.count - start))
    }

    /// What a reason calls the type of a point.
    private func name(of kind: ProductPoints.Kind) -> String {
        points.rule(of: kind)?.name ?? kind.type.name
    }

    private mutating func mismatch(
        _ scanner: JSONScanner, _ item: Item, _ series: UInt64, _ reason: String
    ) -> RequestFailure {
        let device = deviceName(scanner, item).excerpt
        return RequestFailure(
            .modelMismatch, "\(item.place), device \(device): point \(pointName(series)) is \(reason)",
            device: device)
    }
}
