// MissingReadings.swift — the words and numbers that the caller of an import calls missing.
//
// Invariants:
// - How a word is compared: MissingWords in VarveModel.

import VarveModel
import VarveText

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
        let point = parts.count == 2 ? MissingWords.trimmed(parts[0]) : ""
        let words = MissingWords.words(of: parts[parts.count - 1])
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
        let text = UnsafeBufferPointer(start: field.base, count: field.count)
        return number == 0 ? common.contains(text) : special[number - 1].words.contains(text)
    }
}
