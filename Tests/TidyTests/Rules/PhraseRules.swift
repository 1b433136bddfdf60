// PhraseRules.swift — phrases at which readers stumbled are not written again in comments and documents.
//
// Invariants:
// - Only prose is looked at: comments that fill a line of code, and Markdown outside fenced blocks.
// - A row of a table that quotes a phrase, as a page about style does, is left alone.

enum PhraseRules {
    /// Each phrase with what to write instead.
    ///
    /// They stand here in two pieces, so that this file keeps its own rule.
    private static let phrases: [(phrase: String, better: String)] = [
        ("an" + "ew", "again"), ("none of " + "ours", "what it is instead"),
        ("none of " + "theirs", "what it is instead"),
        ("is none" + ":", "what it is instead"), ("are none any " + "more", "no longer are"),
        ("does away " + "with", "removes"), ("nobody can " + "ask for", "that is out of reach"),
        ("there is " + "but", "there is only"), ("he" + "eds", "follows"), ("he" + "ed", "follow"),
        ("whatever " + "else", "everything else"), ("for " + "ever", "without a limit of time"),
    ]

    /// The phrases in the prose of a file.
    static func phrases(_ file: SourceFile) -> [Violation] {
        prose(file).flatMap { line, text in
            phrases.filter { holds(text, $0.phrase) }
                .map {
                    Violation(
                        path: file.path, line: line,
                        reason: "\"\($0.phrase)\": write \"\($0.better)\" or the like")
                }
        }
    }

    private static func prose(_ file: SourceFile) -> [(line: Int, text: Substring)] {
        var isFenced = false
        return file.lines.enumerated().compactMap { index, line in
            let text = line.drop { $0 == " " }
            if file.isSwift { return text.hasPrefix("//") ? (index + 1, text) : nil }
            guard file.isMarkdown else { return nil }
            if text.hasPrefix("```") { isFenced.toggle() }
            return isFenced || text.hasPrefix("| \"") ? nil : (index + 1, text)
        }
    }

    /// Whether a text holds a phrase that neither follows nor is followed by a letter.
    private static func holds(_ text: Substring, _ phrase: String) -> Bool {
        text.ranges(of: phrase).contains { range in
            let before = text[..<range.lowerBound].last
            let after = text[range.upperBound...].first
            return before?.isLetter != true && after?.isLetter != true
        }
    }
}
