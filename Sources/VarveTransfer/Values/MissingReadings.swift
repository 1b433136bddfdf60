// MissingReadings.swift — the words and numbers that the caller of an import calls missing.
//
// Invariants:
// - Words are compared as they are written, blanks around them left out and case kept.
// - Numbers are compared as numbers, so -9999.00 is -9999; integers beyond 2^53 exactly.

import VarveModel

/// What counts as no reading, for all points and for some.
public struct MissingReadings: Sendable {
    /// The words of all points.
    private var common = MissingWords()
    /// Those of points that have some of their own, with the common ones.
    private var special: [(point: [UInt8], words: MissingWords)] = []
    /// The texts as they were given, for those who must tell one reading of a file from another.
    public private(set) var texts: [String] = []

    /// Nothing is missing but what is empty.
    public init() {}

    /// Whether there are any words.
    public var isEmpty: Bool { texts.isEmpty }

    /// Adds a list.
    ///
    /// - Parameter text: `LIST`, words and numbers between commas, for all points; or `POINT=LIST` for one. Only the
    ///   first `=` counts, so a word with one is written `=LIST`.
    /// - Returns: False if the list has no word.
    public mutating func add(_ text: String) -> Bool {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let point = parts.count == 2 ? Self.trimmed(parts[0]) : ""
        let words = parts[parts.count - 1].split(separator: ",").map(Self.trimmed).filter { !$0.isEmpty }
        guard !words.isEmpty else { return false }
        texts.append(text)
        if point.isEmpty {
            for word in words { common.add(word) }
            for index in special.indices {
                for word in words { special[index].words.add(word) }
            }
            return true
        }
        let name = Array(point.utf8)
        var place = special.firstIndex { $0.point == name }
        if place == nil {
            special.append((name, common))
            place = special.count - 1
        }
        if let place {
            for word in words { special[place].words.add(word) }
        }
        return true
    }

    /// The number of the words of a point; -1 if it has none.
    func number(ofPoint name: Field) -> Int {
        let bytes = UnsafeBufferPointer(start: name.base, count: name.count)
        for (index, one) in special.enumerated() where one.point.elementsEqual(bytes) { return index + 1 }
        return common.isEmpty ? -1 : 0
    }

    /// Whether a field is missing for the points of that number.
    func contains(_ field: Field, number: Int) -> Bool {
        guard number >= 0, field.kind != .compound else { return false }
        return number == 0 ? common.contains(field) : special[number - 1].words.contains(field)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// Words and numbers.
private struct MissingWords: Sendable {
    private var words = Set<[UInt8]>()
    private var numbers: [Double] = []
    private var integers: [Int64] = []

    var isEmpty: Bool { words.isEmpty && numbers.isEmpty }

    mutating func add(_ word: String) {
        let bytes = Array(word.utf8)
        words.insert(bytes)
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            if let number = NumberText.double(base, buffer.count) { numbers.append(number) }
            if let integer = NumberText.int64(base, buffer.count) { integers.append(integer) }
        }
    }

    func contains(_ field: Field) -> Bool {
        var (base, count) = (field.base, field.count)
        while count > 0, base[0] == 0x20 || base[0] == 0x09 {
            base += 1
            count -= 1
        }
        while count > 0, base[count - 1] == 0x20 || base[count - 1] == 0x09 { count -= 1 }
        if count == 0 { return false }
        if let number = NumberText.double(base, count) {
            if number.magnitude >= 0x1p53, let integer = NumberText.int64(base, count) {
                return integers.contains(integer)
            }
            return numbers.contains { $0 == number || $0.isNaN && number.isNaN }
        }
        return words.contains(Array(UnsafeBufferPointer(start: base, count: count)))
    }
}
