// NearMatches.swift — finds names similar to one that was not found.

/// Finds names that a mistyped one may have meant.
enum NearMatches {
    private static let longestName = 64

    /// Up to three names similar to `name`, the most similar first, as the end of an error message.
    ///
    /// Without a similar name, three of the names that there are; empty without names.
    static func hint(for name: String, among names: some Sequence<String>) -> String {
        let wanted = Array(name.lowercased().utf8.prefix(longestName))
        let limit = max(2, wanted.count / 3)
        var found: [(distance: Int, name: String)] = []
        for candidate in Set(names) {
            let bytes = Array(candidate.lowercased().utf8.prefix(longestName))
            if abs(bytes.count - wanted.count) <= limit {
                let distance = distance(wanted, bytes)
                if distance <= limit { found.append((distance, candidate)) }
            } else if bytes.starts(with: wanted) || wanted.starts(with: bytes) {
                found.append((limit + 1, candidate))
            }
        }
        guard !found.isEmpty else { return known(Set(names).sorted()) }
        found.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
        return "; did you mean " + found.prefix(3).map { printable($0.name) }.joined(separator: ", ") + "?"
    }

    /// The first of the names that there are.
    private static func known(_ names: [String]) -> String {
        guard !names.isEmpty else { return "" }
        let shown = names.prefix(3).map(printable).joined(separator: ", ")
        return
            "; there \(names.count == 1 ? "is" : "are") \(shown)\(names.count > 3 ? ", …, \(names.count) in all" : "")"
    }

    /// How many bytes must be inserted, removed or changed to turn one into the other.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let changed = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(changed, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
