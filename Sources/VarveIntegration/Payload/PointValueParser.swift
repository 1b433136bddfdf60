// PointValueParser.swift — one measurement point of an item: its value and quality, read as the type of the point.
//
// Forms: a bare value, or `{"value":v,"quality":q}`. For a point of type `json` an object is the value itself, unless
// its members are exactly `value` and `quality`: EnOS has qualities for numbers only, so both can be told apart.
//
// Invariants:
// - A value is taken exactly or refused; nothing is rounded but decimal text to the nearest double.

import VarveModel

/// Reads the values of points.
struct PointValueParser {
    private var text: [UInt8] = []

    /// What stands for a value.
    private enum Outcome {
        case bits(UInt64)
        case text
        case missing
        case mismatch(String)
    }

    /// Reads a point's value at the scanner's place and adds its row.
    ///
    /// - Returns: What does not fit, or nil.
    mutating func read(
        _ scanner: inout JSONScanner, _ slot: Int, _ type: ValueType, _ rows: inout RowList
    ) throws -> String? {
        var quality: Int32?
        var outcome: Outcome
        if scanner.current == 0x7B {
            let start = scanner
            var hasQuality = false
            let value = try members(&scanner, &quality, &hasQuality)
            switch value {
            case .failure(let reason):
                if type != .json { return reason.text }
                outcome = try json(start, scanner.position)
                quality = nil
            case .success(var place):
                if type == .json, !hasQuality {
                    outcome = try json(start, scanner.position)
                } else {
                    outcome = try self.value(&place, type)
                }
            }
        } else {
            outcome = try value(&scanner, type)
        }
        switch outcome {
        case .bits(let bits):
            rows.add(slot: slot, bits: bits, state: SampleState(quality: quality).bits)
        case .text:
            rows.add(slot: slot, text: text, state: SampleState(quality: quality).bits)
        case .missing:
            guard quality != nil else { return nil }
            let state = SampleState(quality: quality, isMissing: true).bits
            if type.isText {
                rows.add(slot: slot, text: [], state: state)
            } else {
                rows.add(slot: slot, bits: 0, state: state)
            }
        case .mismatch(let reason): return reason
        }
        return nil
    }

    private struct Mismatch: Error { var text: String }

    /// Passes an object of value and quality; the result is the place of the value.
    private mutating func members(
        _ scanner: inout JSONScanner, _ quality: inout Int32?, _ hasQuality: inout Bool
    ) throws -> Result<JSONScanner, Mismatch> {
        var value: JSONScanner?
        var mismatch: Mismatch?
        try scanner.forEachMember { scanner, name in
            if scanner.isName(name, "value") {
                if value != nil { throw JSONFailure.repeatedKey("value") }
                value = scanner
                try scanner.skipValue(depth: 4)
            } else if scanner.isName(name, "quality") {
                if hasQuality { throw JSONFailure.repeatedKey("quality") }
                hasQuality = true
                let start = scanner.position
                let isNull = scanner.current == 0x6E
                try scanner.skipValue(depth: 4)
                if isNull { return }
                let number = NumberText.int64(scanner.base + start, scanner.position - start)
                if let number, let code = Int32(exactly: number), scanner.base[start] != 0x22 {
                    quality = code
                } else {
                    mismatch = Mismatch(text: "its quality is not an integer of 32 bits")
                }
            } else {
                try scanner.skipValue(depth: 4)
                mismatch =
                    mismatch ?? Mismatch(text: "it is an object with other members than value and quality")
            }
        }
        if let mismatch { return .failure(mismatch) }
        guard let value else { return .failure(Mismatch(text: "it is an object without value")) }
        return .success(value)
    }

    private mutating func value(_ scanner: inout JSONScanner, _ type: ValueType) throws -> Outcome {
        if scanner.current == 0x6E {
            try scanner.skipWord("null")
            return .missing
        }
        let start = scanner.position
        switch type {
        case .double: return try double(&scanner)
        case .int64:
            let isNumber = Self.beginsNumber(scanner.current)
            try scanner.skipValue(depth: 4)
            guard isNumber, let value = NumberText.int64(scanner.base + start, scanner.position - start)
            else {
                return .mismatch("it is not an integer of 64 bits")
            }
            return .bits(UInt64(bitPattern: value))
        case .bool:
            let first = scanner.current
            try scanner.skipValue(depth: 4)
            if first == 0x74 || first == 0x66 { return .bits(first == 0x74 ? 1 : 0) }
            guard scanner.position - start == 1, first == 0x30 || first == 0x31 else {
                return .mismatch("it is not true, false, 1 or 0")
            }
            return .bits(UInt64(first - 0x30))
        case .string:
            guard scanner.current == 0x22 else {
                try scanner.skipValue(depth: 4)
                return .mismatch("it is not a string")
            }
            let string = try scanner.skipString()
            text.removeAll(keepingCapacity: true)
            scanner.appendText(of: string.content, to: &text)
            return .text
        case .json:
            let before = scanner
            try scanner.skipValue(depth: 4)
            return try json(before, scanner.position)
        }
    }

    private func double(_ scanner: inout JSONScanner) throws -> Outcome {
        let start = scanner.position
        if Self.beginsNumber(scanner.current) {
            try scanner.skipNumber()
            guard let value = NumberText.double(scanner.base + start, scanner.position - start) else {
                return .mismatch("it is a number beyond the range of a double")
            }
            return .bits(value.bitPattern)
        }
        guard scanner.current == 0x22 else {
            try scanner.skipValue(depth: 4)
            return .mismatch("it is not a number")
        }
        // JSON has no other way to write what is not finite; any other text is no number.
        let name = try scanner.skipString()
        if scanner.isName(name, "NaN") { return .bits(Double.nan.bitPattern) }
        if scanner.isName(name, "Infinity") { return .bits(Double.infinity.bitPattern) }
        if scanner.isName(name, "-Infinity") { return .bits((-Double.infinity).bitPattern) }
        return .mismatch("it is text and not a number")
    }

    private mutating func json(_ start: JSONScanner, _ end: Int) throws -> Outcome {
        text.removeAll(keepingCapacity: true)
        let value = UnsafeBufferPointer(start: start.base + start.position, count: end - start.position)
        try CanonicalJSON.append(value, to: &text)
        return text.elementsEqual("null".utf8) ? .missing : .text
    }

    private static func beginsNumber(_ byte: UInt8) -> Bool { byte == 0x2D || byte &- 0x30 < 10 }
}
