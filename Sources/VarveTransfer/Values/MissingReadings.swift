// MissingReadings.swift — the words and numbers that the caller of an import declares missing.
//
// Invariants:
// - Words are compared as `MissingWords` in VarveText compares them.

import VarveModel
import VarveText

/// The words and numbers that count as no reading, for all points and for single points.
public struct MissingReadings: Sendable {
    /// The words of all points.
    private var common = MissingWords()
    /// The words of points that have words of their own, each with the common words added.
    private var special: [(point: [UInt8], words: MissingWords)] = []
    /// The lists as they were given, so that a caller can distinguish two readings of one file.
    public private(set) var texts: [String] = []

    /// Starts without words: only empty values are missing.
    public init() {}

    /// Whether there are any words.
    public var isEmpty: Bool { texts.isEmpty }

    /// Adds a list of words and numbers.
    ///
    /// - Parameter text: `LIST` for all points, or `POINT=LIST` for one; a list is separated by commas. Only the first
    ///   `=` separates, so a list for all points with a `=` in a word is written `=LIST`.
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

    /// The number of the point's list of words, for `contains`; -1 if no words apply to the point.
    func number(ofPoint name: Field) -> Int {
        let bytes = UnsafeBufferPointer(start: name.base, count: name.count)
        for (index, one) in special.enumerated() where one.point.elementsEqual(bytes) { return index + 1 }
        return common.isEmpty ? -1 : 0
    }

    /// Whether a field is missing according to the list of that number.
    func contains(_ field: Field, number: Int) -> Bool {
        guard number >= 0, field.kind != .compound else { return false }
        let text = UnsafeBufferPointer(start: field.base, count: field.count)
        return number == 0 ? common.contains(text) : special[number - 1].words.contains(text)
    }
}
