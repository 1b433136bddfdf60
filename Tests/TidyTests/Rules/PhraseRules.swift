// PhraseRules.swift — phrases at which readers stumbled are not written again: in comments, documents, messages to
// users and titles of tests.
//
// Invariants:
// - Only prose is looked at: comments that fill a line of code, Markdown outside fenced blocks, and texts in the code.
// - A row of a table that quotes a phrase, as a page about style does, is left alone.

enum PhraseRules {
    /// Each phrase with what to write instead.
    ///
    /// They stand here in two pieces, so that this file keeps its own rule.
    private static let phrases: [(phrase: String, better: String)] = [
        ("an" + "ew", "again"), ("none of " + "ours", "what it is instead"),
        ("none of " + "theirs", "what it is instead"),
        ("is " + "none:", "what it is instead"), ("are " + "none any more", "no longer are"),
        ("does away " + "with", "removes"), ("nobody can " + "ask for", "that is out of reach"),
        ("there is " + "but", "there is only"), ("he" + "eds", "follows"), ("he" + "ed", "follow"),
        ("whatever " + "else", "everything else"), ("for " + "ever", "without a limit of time"),
    ]

    /// Phrases that are right in a comment about code, and wrong in a message or a title.
    private static let inTexts: [(phrase: String, better: String)] = [
        ("is " + "none", "what it is instead"), ("are " + "none", "what they are instead"),
    ]

    /// The phrases in the prose of a file.
    static func phrases(_ file: SourceFile) -> [Violation] {
        violations(of: phrases, in: prose(file), file)
            + violations(of: phrases + inTexts, in: texts(file), file)
    }

    private static func violations(
        of phrases: [(phrase: String, better: String)], in lines: [(line: Int, text: Substring)],
        _ file: SourceFile
    ) -> [Violation] {
        lines.flatMap { line, text in
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

    /// What the literals of the code hold, line by line: what a user or a reader of test results sees.
    private static func texts(_ file: SourceFile) -> [(line: Int, text: Substring)] {
        guard file.isSwift else { return [] }
        let code = file.code.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return zip(file.lines, code).enumerated().compactMap { index, pair in
            let (line, words) = pair
            guard !line.drop(while: { $0 == " " }).hasPrefix("//"), line.utf8.count == words.count else {
                return nil
            }
            let literal = zip(line.utf8, words).map { $0 == $1 ? UInt8(ascii: " ") : $0 }
            return (index + 1, Substring(decoding: literal, as: UTF8.self))
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
