// ValueRule+JSON.swift — checks a JSON value against a data type: arrays, structures, and everything inside them.
//
// Invariants:
// - What is appended is canonical if the checked text is: members and elements keep their order, and a number replaces
//   only the text that holds it.
// - Nothing is appended if the value does not fit.

public import VarveModel

extension ValueRule {
    /// What does not fit: the value, where it is, and why, as a clause.
    private struct Misfit: Error {
        var value: String
        var place = ""
        var clause: String

        init(_ text: UnsafeBufferPointer<UInt8>, _ clause: String) {
            value = Excerpt.of(text)
            self.clause = clause
        }

        func inside(_ place: String) -> Misfit {
            var copy = self
            copy.place = self.place.isEmpty ? " in \(place)" : " in \(place),\(self.place)"
            return copy
        }
    }

    /// Checks a JSON value and appends it.
    ///
    /// - Parameters:
    ///   - text: The value in its canonical form.
    ///   - takesNumericTexts: Whether a text such as `"1.02"` is taken as the number in it, where a number is wanted.
    ///   - bytes: Gets the value.
    /// - Returns: Nil, or why the value does not fit, as a clause such as `"x" in element 2 is not an integer of 32
    ///   bits`.
    public func append(
        _ text: UnsafeBufferPointer<UInt8>, takesNumericTexts: Bool, to bytes: inout [UInt8]
    ) -> String? {
        guard let base = text.baseAddress else { return "an empty text is not JSON" }
        let start = bytes.count
        var checked = RuledText(
            scanner: JSONScanner(base: base, count: text.count), takesNumericTexts: takesNumericTexts)
        swap(&checked.bytes, &bytes)
        defer { swap(&checked.bytes, &bytes) }
        do {
            try append(&checked)
            return nil
        } catch let misfit as Misfit {
            checked.bytes.removeLast(checked.bytes.count - start)
            return "\(misfit.value)\(misfit.place) \(misfit.clause)"
        } catch {
            checked.bytes.removeLast(checked.bytes.count - start)
            return "the value \(error)"
        }
    }

    /// A text on its way through a rule.
    private struct RuledText {
        var scanner: JSONScanner
        var takesNumericTexts: Bool
        var bytes: [UInt8] = []

        /// Passes the next value and returns its text.
        mutating func next() throws(JSONFailure) -> UnsafeBufferPointer<UInt8> {
            let start = scanner.position
            try scanner.skipValue()
            return UnsafeBufferPointer(start: scanner.base + start, count: scanner.position - start)
        }
    }

    private func append(_ text: inout RuledText) throws {
        switch self {
        case .array(let element): try appendArray(of: element, &text)
        case .structure(let members): try appendStructure(members, &text)
        case .textEnumeration, .string, .date, .file: try appendText(&text)
        default: try appendNumber(&text)
        }
    }

    private func appendNumber(_ text: inout RuledText) throws {
        let whole = try text.next()
        if text.takesNumericTexts, let content = NumericText.escapedContent(of: whole) {
            return try content.withUnsafeBufferPointer { try append(number: $0, of: whole, &text) }
        }
        let number = text.takesNumericTexts ? NumericText.content(of: whole) : nil
        try append(number: number ?? whole, of: whole, &text)
    }

    private func append(
        number: UnsafeBufferPointer<UInt8>, of whole: UnsafeBufferPointer<UInt8>, _ text: inout RuledText
    ) throws {
        guard let first = number.first, let base = number.baseAddress else { throw misfit(whole) }
        let isNumber = first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10
        let fits: Bool
        switch self {
        case .float, .double:
            fits =
                isNumber
                ? NumberText.double(base, number.count) != nil : NumericText.isSpecial(number)
        case .bool where !isNumber:
            fits = first == UInt8(ascii: "t") || first == UInt8(ascii: "f")
        case .bool:
            let value = NumberText.int64(base, number.count)
            fits = value == 0 || value == 1
        default: fits = isNumber && NumberText.int64(base, number.count).map(takes) ?? false
        }
        guard fits else { throw misfit(whole) }
        text.bytes.append(contentsOf: number)
    }

    private func appendText(_ text: inout RuledText) throws {
        let start = text.scanner.position
        let whole = try text.next()
        guard whole.first == UInt8(ascii: "\"") else { throw misfit(whole) }
        var content: [UInt8] = []
        text.scanner.appendText(of: start + 1..<text.scanner.position - 1, to: &content)
        guard content.withUnsafeBufferPointer(takes) else { throw misfit(whole) }
        text.bytes.append(contentsOf: whole)
    }

    private func appendArray(of element: ValueRule, _ text: inout RuledText) throws {
        guard text.scanner.current == UInt8(ascii: "[") else { throw misfit(try text.next()) }
        let start = text.scanner.position
        text.bytes.append(UInt8(ascii: "["))
        var count = 0
        var hasElement = try text.scanner.enterArray()
        while hasElement {
            count += 1
            guard count <= Self.maximumElements else {
                text.scanner.position = start
                throw Misfit(try text.next(), "has more than \(Self.maximumElements) elements")
            }
            if count > 1 { text.bytes.append(UInt8(ascii: ",")) }
            do {
                try element.append(&text)
            } catch let misfit as Misfit {
                throw misfit.inside("element \(count)")
            }
            hasElement = try text.scanner.nextElement()
        }
        text.bytes.append(UInt8(ascii: "]"))
    }

    private func appendStructure(_ members: [StructureMember], _ text: inout RuledText) throws {
        guard text.scanner.current == UInt8(ascii: "{") else { throw misfit(try text.next()) }
        let start = text.scanner.position
        var missing = Set(members.indices.filter { members[$0].isRequired })
        text.bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        var hasMember = try text.scanner.enterObject()
        while hasMember {
            let name = text.scanner.text(of: try text.scanner.memberName())
            guard let index = members.firstIndex(where: { $0.name.utf8.elementsEqual(name) }) else {
                let shown = name.withUnsafeBufferPointer { Excerpt.of($0) }
                throw whole(text, from: start, "has the member \(shown), which the model lacks")
            }
            if !isFirst { text.bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            JSONString.append(name, to: &text.bytes)
            text.bytes.append(UInt8(ascii: ":"))
            if text.scanner.current == UInt8(ascii: "n") {
                text.bytes.append(contentsOf: try text.next())
            } else {
                missing.remove(index)
                do {
                    try members[index].rule.append(&text)
                } catch let misfit as Misfit {
                    throw misfit.inside("member \(Excerpt.of(members[index].name))")
                }
            }
            hasMember = try text.scanner.nextMember()
        }
        if let index = missing.min() {
            throw whole(text, from: start, "has no member \(Excerpt.of(members[index].name))")
        }
        text.bytes.append(UInt8(ascii: "}"))
    }

    private func misfit(_ text: UnsafeBufferPointer<UInt8>) -> Misfit { Misfit(text, "is not \(wanted)") }

    /// A misfit of the object that begins at a position.
    private func whole(_ text: RuledText, from start: Int, _ clause: String) -> Misfit {
        let count = text.scanner.count - start
        return Misfit(UnsafeBufferPointer(start: text.scanner.base + start, count: count), clause)
    }
}
