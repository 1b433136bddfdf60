// Name.swift — a text that equals another only if its UTF-8 bytes do: the key of tables of names.
//
// Names are the same when their bytes are, as in SQLite and in files. Swift's `String` would also call a composed and
// a decomposed "é" equal; two devices whose names differ so in the source are two devices here.
//
// It stands in VarveModel and not in VarveText, because `SeriesKey` and the other values with names compare as it does.

/// A name of a product, device, point or zone.
package struct Name: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The text.
    package let text: String

    /// Makes a name of a text.
    package init(_ text: String) {
        var text = text
        // Every comparison would walk a bridged or sliced string byte by byte.
        text.makeContiguousUTF8()
        self.text = text
    }

    /// Makes a name of a literal.
    package init(stringLiteral text: String) {
        self.init(text)
    }

    /// Whether both have the same bytes.
    package static func == (left: Name, right: Name) -> Bool { left.text.sameBytes(as: right.text) }

    /// Hashes the bytes.
    package func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }
}

extension String {
    /// Whether both have the same UTF-8 bytes, whatever Unicode says of them.
    package func sameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && commonBytes(with: other) == utf8.count
    }

    /// How many UTF-8 bytes both begin with.
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

    /// Hashes the UTF-8 bytes and their end.
    package func hashBytes(into hasher: inout Hasher) {
        var copy = self
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(UInt8(0xFF))
    }

}
