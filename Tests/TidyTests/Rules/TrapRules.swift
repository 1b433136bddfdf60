// TrapRules.swift — a page names each operation that can end the process, and the check in front of it.

enum TrapRules {
    /// The page that lists them.
    static let page = "Sources/VarveStorage/VarveStorage.docc/TrappingOperations.md"

    /// Integers narrower than Int.
    ///
    /// Their initializers trap at a number that is too large.
    private static let narrow: Set<String> = ["UInt8", "UInt16", "UInt32", "Int8", "Int16", "Int32"]

    /// Initializers with these labels do not trap, or take only arguments that fit.
    private static let safeLabels: Set<String> = [
        "bitPattern", "truncatingIfNeeded", "clamping", "exactly", "littleEndian", "bigEndian", "ascii",
    ]

    /// Modules that data from outside reaches only through modules below them, or not at all.
    private static let exempt: Set<String> = ["varve", "varved", "VarveServer", "VarveProbe"]

    /// The lines with a trapping operation, if the page does not name the file.
    static func unlisted(_ file: SourceFile, page: String) -> [Violation] {
        guard let module = file.module, file.isSwift, !exempt.contains(module), !isNamed(file.name, page)
        else {
            return []
        }
        return file.words.indices.filter { traps(file, at: $0) }.map { index in
            let word = file.words[index]
            return Violation(
                path: file.path, line: word.line,
                reason: "\(word.text) can trap: say on \(Self.page) what is checked before it")
        }
    }

    private static func traps(_ file: SourceFile, at index: Int) -> Bool {
        let word = file.words[index]
        switch word.text {
        case "precondition", "preconditionFailure": return word.after == UInt8(ascii: "(")
        case "unsafelyUnwrapped": return word.before == UInt8(ascii: ".")
        default:
            return narrow.contains(word.text) && word.after == UInt8(ascii: "(")
                && !isSafe(file, after: index)
        }
    }

    /// Whether the argument has a label that makes it safe, or is a number of one digit.
    private static func isSafe(_ file: SourceFile, after index: Int) -> Bool {
        guard index + 1 < file.words.count else { return false }
        let next = file.words[index + 1]
        let word = file.words[index]
        guard next.offset == word.offset + word.text.utf8.count + 1 else { return false }
        return safeLabels.contains(next.text) && next.after == UInt8(ascii: ":")
            || next.text.utf8.count == 1 && next.text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Whether the page names a file, or files with the same beginning by a star.
    private static func isNamed(_ name: String, _ page: String) -> Bool {
        page.split(separator: "`").contains { part in
            part == name || part.hasSuffix("*.swift") && name.hasPrefix(part.dropLast("*.swift".count))
        }
    }
}
