// Name.swift — a text that equals another only if its UTF-8 bytes do: the key of tables of names.
//
// Two names are the same if their bytes are the same, as in SQLite and in files. Swift's `String` also treats a
// composed and a decomposed "é" as equal; two devices whose names differ like this in the source are two devices here.
//
// The file is in VarveModel rather than in VarveText because `SeriesKey` and the other values with names compare alike.

/// A name of a product, device, point, client or zone.
///
/// Tables and sets of names are keyed by it, because a table keyed by `String` mixes up two such names.
public struct Name: Hashable, Comparable, Sendable, ExpressibleByStringLiteral {
    /// The text.
    public let text: String

    /// Makes a name from a text.
    public init(_ text: String) {
        var text = text
        // A bridged or sliced string would be compared byte by byte each time.
        text.makeContiguousUTF8()
        self.text = text
    }

    /// Makes a name from a literal.
    public init(stringLiteral text: String) {
        self.init(text)
    }

    /// Whether both have the same bytes.
    public static func == (left: Name, right: Name) -> Bool { left.text.sameBytes(as: right.text) }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }

    /// Orders by the bytes, which is also the order of the Unicode scalars.
    public static func < (left: Name, right: Name) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension String {
    /// Whether both have the same UTF-8 bytes, regardless of Unicode equivalence.
    package func sameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && commonBytes(with: other) == utf8.count
    }

    /// The number of UTF-8 bytes at the beginning that both share.
    package func commonBytes(with other: String) -> Int {
        func common(_ mine: UnsafeBufferPointer<UInt8>, _ theirs: UnsafeBufferPointer<UInt8>) -> Int {
            let end = min(mine.count, theirs.count)
            var index = 0
            while index < end, mine[index] == theirs[index] { index += 1 }
            return index
        }
        let quick = utf8.withContiguousStorageIfAvailable { mine in
            other.utf8.withContiguousStorageIfAvailable { common(mine, $0) }
        }
        if let quick, let count = quick { return count }
        return zip(utf8, other.utf8).prefix { $0 == $1 }.count
    }

    /// Hashes the UTF-8 bytes and a terminator.
    func hashBytes(into hasher: inout Hasher) {
        var copy = self
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(UInt8(0xFF))
    }

}
