// GuideOutput.swift — whether a command printed what a page shows.
//
// - `…` in a line matches any text, also an empty one. A line that is only `…` matches any number of lines, also zero.
// - Several blanks count as one, because columns of a table are as wide as their contents.
// - Blanks at the end of a line do not count.

import Foundation

enum GuideOutput {
    /// The sign that matches anything.
    static let gap = "…"

    /// Whether the printed lines are those shown.
    static func matches(shown: [String], printed: [String]) -> Bool {
        let shown = shown.map(plain)
        let printed = printed.map(plain)
        // The numbers of printed lines that the lines shown so far can match.
        var places: Set<Int> = [0]
        for line in shown {
            if line == gap {
                places = Set((places.min() ?? 0)...printed.count)
            } else {
                places = Set(places.filter { $0 < printed.count && isLike(line, printed[$0]) }.map { $0 + 1 })
            }
            if places.isEmpty { return false }
        }
        return places.contains(printed.count)
    }

    /// An extended regular expression of `grep` that finds what a line shows.
    static func expression(of line: String) -> String {
        let pieces = plain(line).components(separatedBy: gap).map { piece in
            trimmed(piece).map { character in
                #".[]{}()*+?^$|\"#.contains(character)
                    ? "\\\(character)" : character == " " ? " +" : String(character)
            }.joined()
        }
        return pieces.joined(separator: ".*")
    }

    private static func isLike(_ pattern: String, _ line: String) -> Bool {
        let pieces = pattern.components(separatedBy: gap).map(trimmed)
        guard pieces.count > 1 else { return pattern == line }
        guard let first = pieces.first, let last = pieces.last, line.hasPrefix(first) else { return false }
        var rest = line.dropFirst(first.count)
        for piece in pieces[1..<(pieces.count - 1)] where !piece.isEmpty {
            guard let found = rest.firstRange(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }

    private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespaces) }

    private static func plain(_ line: String) -> String {
        line.split(separator: " ").joined(separator: " ")
    }
}
