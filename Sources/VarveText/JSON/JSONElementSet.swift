// JSONElementSet.swift — the different elements of some JSON arrays, in one order whatever the order of arrival.
//
// Invariants:
// - `elements` ascend strictly by their bytes, so equal sets are written as equal texts.
// - An element is valid JSON. It is compared as it was written: the caller gives it in its canonical form.

/// Texts of JSON values, each once.
public struct JSONElementSet {
    /// The texts, ascending by their bytes.
    public private(set) var elements: [[UInt8]] = []
    private var bytes = 0

    /// Makes a set without elements.
    public init() {}

    /// Reads a JSON array; nil if the text is another JSON value.
    ///
    /// - Throws: `JSONFailure` if the text is not JSON or is nested too deep.
    public init?(array text: some Collection<UInt8>) throws(JSONFailure) {
        guard var read = try Self.elements(of: Array(text)) else { return nil }
        read.sort { $0.lexicographicallyPrecedes($1) }
        for element in read where elements.last != element { elements.append(element) }
        bytes = elements.reduce(0) { $0 + $1.count }
    }

    /// Makes a set of one element, which must be valid JSON.
    public init(element: [UInt8]) {
        elements = [element]
        bytes = element.count
    }

    /// The length of the array that `append(to:)` writes, in bytes.
    public var byteCount: Int { bytes + max(elements.count - 1, 0) + 2 }

    /// Adds the elements of another set.
    ///
    /// Cost: proportional to the bytes of both.
    ///
    /// - Returns: How many of them are new.
    @discardableResult
    public mutating func add(_ other: JSONElementSet) -> Int {
        var united: [[UInt8]] = []
        united.reserveCapacity(elements.count + other.elements.count)
        var mine = elements[...]
        for element in other.elements {
            while let first = mine.first, first.lexicographicallyPrecedes(element) {
                united.append(mine.removeFirst())
            }
            if mine.first == element { continue }
            united.append(element)
            bytes += element.count
        }
        united.append(contentsOf: mine)
        defer { elements = united }
        return united.count - elements.count
    }

    /// Appends the elements as a JSON array.
    public func append(to text: inout [UInt8]) {
        text.append(0x5B)
        for (index, element) in elements.enumerated() {
            if index > 0 { text.append(0x2C) }
            text.append(contentsOf: element)
        }
        text.append(0x5D)
    }

    /// The elements in the order of the text; nil if it is no array.
    private static func elements(of text: [UInt8]) throws(JSONFailure) -> [[UInt8]]? {
        var elements: [[UInt8]] = []
        var failure: JSONFailure?
        let isArray = text.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return false }
            var scanner = JSONScanner(base: base, count: buffer.count)
            do throws(JSONFailure) {
                return try read(&scanner, &elements)
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return isArray ? elements : nil
    }

    /// Passes the whole text; false if it is no array.
    private static func read(
        _ scanner: inout JSONScanner, _ elements: inout [[UInt8]]
    ) throws(JSONFailure) -> Bool {
        scanner.skipWhitespace()
        let isArray = scanner.current == 0x5B
        if isArray {
            var hasElement = try scanner.enterArray()
            while hasElement {
                let start = scanner.position
                try scanner.skipValue(depth: 1)
                let range = start..<scanner.position
                elements.append(Array(UnsafeBufferPointer(start: scanner.base + start, count: range.count)))
                hasElement = try scanner.nextElement()
            }
        } else {
            try scanner.skipValue()
        }
        scanner.skipWhitespace()
        guard scanner.position == scanner.count else { throw scanner.malformed }
        return isArray
    }
}
