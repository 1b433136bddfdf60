// MissingWords.swift — the words and numbers that a caller declares missing readings.
//
// Invariants:
// - Words are compared with their case and without blanks around them.
// - Numbers are compared as numbers, so -9999.00 equals -9999; integers beyond 2^53 are compared exactly.

/// Words and numbers that mean "no reading".
public struct MissingWords: Sendable {
    private var words = Set<[UInt8]>()
    private var numbers: [Double] = []
    private var integers: [Int64] = []

    /// Makes an empty set of words.
    public init() {}

    /// Makes the words of a comma-separated list; nil if the list has no words.
    public init?(list: some StringProtocol) {
        for word in Self.words(of: list) { add(word) }
        if isEmpty { return nil }
    }

    /// Makes the words of several lists.
    public init(lists: [String]) {
        for list in lists { for word in Self.words(of: list) { add(word) } }
    }

    /// The words of a list without the blanks around them; empty words are left out.
    public static func words(of list: some StringProtocol) -> [String] {
        list.split(separator: ",").map { trimmed($0) }.filter { !$0.isEmpty }
    }

    /// A text without the blanks around it.
    public static func trimmed(_ text: some StringProtocol) -> String {
        var text = Substring(text)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// The words, sorted.
    public var list: [String] { words.map { String(decoding: $0, as: UTF8.self) }.sorted() }

    /// Whether there are no words.
    public var isEmpty: Bool { words.isEmpty }

    /// Adds a word, which must have no blanks around it.
    public mutating func add(_ word: String) {
        let bytes = Array(word.utf8)
        words.insert(bytes)
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            if let number = NumberText.double(base, buffer.count) { numbers.append(number) }
            if let integer = NumberText.int64(base, buffer.count) { integers.append(integer) }
        }
    }

    /// Whether a text is one of the words.
    public func contains(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard var base = text.baseAddress else { return false }
        var count = text.count
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
