// SizeRules.swift — files, functions and folders are small enough to read in one go.

enum SizeRules {
    /// A Swift file has at most 400 lines, in tests 500.
    static func fileLength(_ file: SourceFile) -> [Violation] {
        guard file.isSwift else { return [] }
        let count = file.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        let limit = file.path.contains("Tests/") ? 500 : 400
        guard count > limit else { return [] }
        return [Violation(path: file.path, line: limit + 1, reason: "\(count) lines, at most \(limit)")]
    }

    /// A function has at most 60 lines, from `func` or `init` to its closing brace.
    static func functionLength(_ file: SourceFile, limit: Int = 60) -> [Violation] {
        file.words.compactMap { word in
            guard word.text == "func" || word.text == "init", word.before != UInt8(ascii: "."),
                let end = bodyEnd(file.code, from: word.offset)
            else { return nil }
            let length = file.code[word.offset...end].count { $0 == UInt8(ascii: "\n") } + 1
            guard length > limit else { return nil }
            return Violation(
                path: file.path, line: word.line, reason: "a function of \(length) lines, at most \(limit)")
        }
    }

    /// A folder has at most 14 Swift files, unless an exception gives another number.
    static func folderSize(_ paths: [String], exceptions: [String: Int] = [:]) -> [Violation] {
        var counts: [String: Int] = [:]
        for path in paths where path.hasSuffix(".swift") {
            counts[path.split(separator: "/").dropLast().joined(separator: "/"), default: 0] += 1
        }
        return counts.sorted { $0.key < $1.key }.compactMap { folder, count in
            let limit = exceptions[folder] ?? 14
            guard count > limit else { return nil }
            return Violation(path: folder, line: 0, reason: "\(count) Swift files, at most \(limit)")
        }
    }

    /// The closing brace of the function whose declaration begins at `start`; nil if it has no body.
    private static func bodyEnd(_ code: [UInt8], from start: Int) -> Int? {
        var braces = 0
        var parentheses = 0
        var previous: UInt8 = 0
        for index in start..<code.count {
            switch code[index] {
            case UInt8(ascii: "("): parentheses += 1
            case UInt8(ascii: ")"): parentheses -= 1
            case UInt8(ascii: "{"): braces += 1
            case UInt8(ascii: "}"):
                braces -= 1
                // This brace closes what is around the declaration, which had no body, as in a protocol.
                if braces < 0 { return nil }
                if braces == 0, parentheses == 0 { return index }
            case UInt8(ascii: "\n"):
                // A declaration continues only inside parentheses, or after an arrow, a colon or a comma.
                if braces == 0, parentheses == 0, previous == UInt8(ascii: ")"),
                    !continues(code, after: index)
                {
                    return nil
                }
            default: break
            }
            if code[index] > UInt8(ascii: " ") { previous = code[index] }
        }
        return nil
    }

    private static func continues(_ code: [UInt8], after index: Int) -> Bool {
        let rest = code[index...].drop { $0 <= UInt8(ascii: " ") }
        return ["{", "->", "throws", "async", "where"].contains { rest.starts(with: $0.utf8) }
    }
}
