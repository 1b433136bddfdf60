// NDJSONRows.swift — lines of JSON objects as readings.
//
// A line is `{"device":…,"point":…,"time":…,"value":…}`, optionally with `quality`, `product` and `type`. Other members
// are an error unless unknown columns are ignored. A repeated member is always an error.
//
// Invariants:
// - A number is handed on as its text, so no integer passes through a double.

import VarveModel
import VarveText

/// Rows of one JSON object per line.
struct NDJSONRows: ~Copyable, RowScanner {
    private(set) var next: UnsafePointer<UInt8>
    private(set) var textEnd: UnsafePointer<UInt8>
    private(set) var problem = ""
    private let ignoresMembers: Bool
    /// The decoded strings of the current line; together they are never longer than the line.
    private let scratch: UnsafeMutablePointer<UInt8>
    private var scratchUsed = 0
    private var decoded: [UInt8] = []
    private var row: Row

    /// The members of a row; a raw value is the member's bit in the set of members seen.
    private enum Member: UInt8, CaseIterable {
        case device
        case point
        case time
        case value
        case quality
        case product
        case zone
        case type
    }

    /// The name of the member with the row's zone; empty if the caller named none.
    private let zoneMember: [UInt8]
    private let lineEnd: UInt8

    init(maximumRowBytes: Int, ignoresMembers: Bool, zoneMember: String?, lineEnd: UInt8) {
        self.zoneMember = Array((zoneMember ?? "").utf8)
        self.lineEnd = lineEnd
        self.ignoresMembers = ignoresMembers
        scratch = .allocate(capacity: maximumRowBytes + 4)
        let nothing = Field(base: UnsafePointer(scratch), count: 0, kind: .absent)
        next = nothing.base
        textEnd = nothing.base
        row = Row(
            product: nothing, device: nothing, point: nothing, time: nothing, value: nothing,
            quality: nothing, zone: nothing, type: nothing, continuesLine: false, line: 0,
            text: UnsafeRawBufferPointer(start: nothing.base, count: 0))
    }

    deinit {
        scratch.deallocate()
    }

    var lineCount: Int { 1 }

    mutating func scan(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, atEnd: Bool
    ) -> ScanStatus {
        let newline = Bytes.firstNewline(start, end, lineEnd: lineEnd)
        guard newline != nil || atEnd else { return .incomplete }
        textEnd = newline ?? end
        next = newline.map { $0 + 1 } ?? end
        if textEnd > start, textEnd[-1] == 0x0D { textEnd -= 1 }
        var scanner = JSONScanner(base: start, count: textEnd - start)
        scanner.skipWhitespace()
        if scanner.position == scanner.count { return .blank }
        do throws(JSONFailure) {
            guard try readObject(&scanner) else { return .malformed }
        } catch {
            problem =
                newline == nil
                ? "half a line: the input ends in the middle of this object" : "the line \(error.description)"
            return .malformed
        }
        return .row
    }

    mutating func deliver<Consumer: RowConsumer & ~Copyable>(
        to consumer: inout Consumer, line: Int, text: UnsafeRawBufferPointer
    ) throws {
        row.line = line
        row.text = text
        try consumer.take(row)
    }

    /// Reads the members of the line's object into `row`.
    ///
    /// - Returns: False if members are wrong or missing; `problem` names them.
    /// - Throws: `JSONFailure` if the line is not valid JSON.
    private mutating func readObject(_ scanner: inout JSONScanner) throws(JSONFailure) -> Bool {
        scratchUsed = 0
        var seen: UInt16 = 0
        let nothing = Field(base: UnsafePointer(scratch), count: 0, kind: .absent)
        row.quality = nothing
        row.product = nothing
        row.zone = nothing
        row.type = nothing
        var hasMember = try scanner.enterObject()
        while hasMember {
            let string = try scanner.memberName()
            let name = field(scanner, string)
            let value = try readField(&scanner)
            if let member = member(name) {
                guard seen & 1 << member.rawValue == 0 else {
                    problem = "the member \(name.excerpt) is there twice"
                    return false
                }
                seen |= 1 << member.rawValue
                guard set(member, value) else { return false }
            } else if !ignoresMembers {
                problem =
                    "unknown member \(name.excerpt); a row has device, point, time, value, quality, product, type"
                return false
            }
            hasMember = try scanner.nextMember()
        }
        scanner.skipWhitespace()
        guard scanner.position == scanner.count else { throw scanner.malformed }
        return hasAll(seen)
    }

    private mutating func hasAll(_ seen: UInt16) -> Bool {
        for member in [Member.device, .point, .time, .value] where seen & 1 << member.rawValue == 0 {
            problem = "the object has no \(member)"
            return false
        }
        return true
    }

    private mutating func set(_ member: Member, _ field: Field) -> Bool {
        switch member {
        case .device: row.device = field
        case .point: row.point = field
        case .time: row.time = field
        case .value: row.value = field
        case .quality: row.quality = field
        case .product: row.product = field
        case .zone: row.zone = field
        case .type: row.type = field
        }
        let isOptional = member == .product || member == .type || member == .zone
        let isName = member == .device || member == .point || isOptional
        if isName, field.kind != .string, !(isOptional && field.kind == .absent) {
            problem = "\(member) is not a string"
            return false
        }
        return true
    }

    private func member(_ name: Field) -> Member? {
        func isNamed(_ word: StaticString) -> Bool {
            name.count == word.utf8CodeUnitCount && Bytes.equal(name.base, word.utf8Start, name.count)
        }
        if isNamed("device") { return .device }
        if isNamed("point") { return .point }
        if isNamed("time") { return .time }
        if isNamed("value") { return .value }
        if isNamed("quality") { return .quality }
        if isNamed("product") { return .product }
        if isNamed("type") { return .type }
        if !zoneMember.isEmpty,
            zoneMember.elementsEqual(UnsafeBufferPointer(start: name.base, count: name.count))
        {
            return .zone
        }
        return nil
    }

    private mutating func readField(_ scanner: inout JSONScanner) throws(JSONFailure) -> Field {
        let start = scanner.position
        switch scanner.current {
        case 0x22: return try readString(&scanner)
        case 0x7B, 0x5B:
            try scanner.skipValue()
            return Field(base: scanner.base + start, count: scanner.position - start, kind: .compound)
        case 0x6E:
            try scanner.skipWord("null")
            return Field(base: scanner.base + start, count: 0, kind: .absent)
        default:
            try scanner.skipValue()
            return Field(base: scanner.base + start, count: scanner.position - start, kind: .literal)
        }
    }

    private mutating func readString(_ scanner: inout JSONScanner) throws(JSONFailure) -> Field {
        field(scanner, try scanner.skipString())
    }

    private mutating func field(
        _ scanner: JSONScanner, _ string: (content: Range<Int>, isEscaped: Bool)
    ) -> Field {
        guard string.isEscaped else {
            return Field(
                base: scanner.base + string.content.lowerBound, count: string.content.count, kind: .string)
        }
        decoded.removeAll(keepingCapacity: true)
        scanner.appendText(of: string.content, to: &decoded)
        let target = scratch + scratchUsed
        target.update(from: decoded, count: decoded.count)
        scratchUsed += decoded.count
        return Field(base: UnsafePointer(target), count: decoded.count, kind: .string)
    }
}
