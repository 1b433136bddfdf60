// NumberLook.swift — recognizes texts that people read as numbers but Varve does not: `20,5`, `1 234`, `20.5 kW`, ` 7`.
//
// The result only affects what a receipt says about a new text point. It never changes how a value is read.
//
// Invariants:
// - Dates, times, addresses, versions and words do not look like numbers.

import VarveText

/// Knows texts that look like numbers.
enum NumberLook {
    /// The length of the longest text that can look like a number.
    private static let maximumBytes = 40
    private static let maximumUnitBytes = 10

    /// Whether a text looks like a number with other separators, a unit, or blanks around it; a plain number does too.
    static func contains(_ field: Field) -> Bool {
        guard field.count <= maximumBytes else { return false }
        var bytes = UnsafeBufferPointer(start: field.base, count: field.count)[...]
        while bytes.last == 0x20 || bytes.last == 0x09 { bytes.removeLast() }
        dropBlanks(&bytes)
        if bytes.first == 0x2B || bytes.first == 0x2D {
            bytes.removeFirst()
        } else if bytes.starts(with: [0xE2, 0x88, 0x92]) {
            // The typographic minus sign, U+2212.
            bytes.removeFirst(3)
        }
        guard let first = bytes.first, first &- 0x30 < 10 || first == 0x2C || first == 0x2E,
            dropNumber(&bytes)
        else { return false }
        dropExponent(&bytes)
        let count = bytes.count
        dropBlanks(&bytes)
        return bytes.isEmpty || isUnit(bytes, isApart: bytes.count < count)
    }

    /// Drops digits with a decimal separator or separators of thousands.
    private static func dropNumber(_ bytes: inout Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var groups = [0]
        var separators: [UInt8] = []
        while let byte = bytes.first {
            if byte &- 0x30 < 10 {
                groups[groups.count - 1] += 1
                bytes.removeFirst()
                continue
            }
            // A blank of any kind is a separator only between digits.
            var rest = bytes
            let isBlank = dropBlank(&rest)
            if isBlank {
                guard let next = rest.first, next &- 0x30 < 10 else { break }
            } else if byte == 0x2C || byte == 0x2E || byte == 0x27 {
                rest.removeFirst()
            } else {
                break
            }
            separators.append(isBlank ? 0x20 : byte)
            groups.append(0)
            bytes = rest
        }
        guard groups.contains(where: { $0 > 0 }) else { return false }
        guard let last = separators.last else { return true }
        let isDecimal = last == 0x2C || last == 0x2E
        if separators.count == 1, isDecimal { return true }
        // All separators, except a decimal separator at the end, separate thousands and must be equal.
        let endsDecimal = isDecimal && last != separators[0]
        let thousands = endsDecimal ? separators.dropLast() : separators[...]
        guard thousands.allSatisfy({ $0 == separators[0] }), (1...3).contains(groups[0]) else { return false }
        return groups[1...thousands.count].allSatisfy { $0 == 3 }
    }

    private static func dropExponent(_ bytes: inout Slice<UnsafeBufferPointer<UInt8>>) {
        guard let mark = bytes.first, mark | 0x20 == 0x65 || mark | 0x20 == 0x64 else { return }
        var rest = bytes.dropFirst()
        if rest.first == 0x2B || rest.first == 0x2D { rest.removeFirst() }
        guard let digit = rest.first, digit &- 0x30 < 10 else { return }
        while let digit = rest.first, digit &- 0x30 < 10 { rest.removeFirst() }
        bytes = rest
    }

    /// Whether the bytes are a unit.
    ///
    /// A unit with a digit, such as `m3/h`, is accepted only after a blank.
    private static func isUnit(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, isApart: Bool) -> Bool {
        guard bytes.count <= maximumUnitBytes, let first = bytes.first else { return false }
        func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte >= 0x80 || byte == 0x25 }
        return isLetter(first)
            && bytes.allSatisfy {
                isLetter($0) || $0 == 0x2F || $0 == 0x2E || $0 == 0x2A
                    || isApart && ($0 &- 0x30 < 10 || $0 == 0x5E)
            }
    }

    private static func dropBlanks(_ bytes: inout Slice<UnsafeBufferPointer<UInt8>>) {
        while dropBlank(&bytes) {}
    }

    /// Drops a space, a tab or a no-break space (U+00A0, U+202F).
    private static func dropBlank(_ bytes: inout Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        if bytes.first == 0x20 || bytes.first == 0x09 {
            bytes.removeFirst()
        } else if bytes.starts(with: [0xC2, 0xA0]) {
            bytes.removeFirst(2)
        } else if bytes.starts(with: [0xE2, 0x80, 0xAF]) {
            bytes.removeFirst(3)
        } else {
            return false
        }
        return true
    }
}
