// ProofRules.swift — a test that a document names as proof exists.
//
// A table whose last column is headed "shown by" names, in each row, titles of tests in quotes or attacks as
// `Tools/attack --only NAME`.

enum ProofRules {
    /// The rows of such tables that name no test, or one that does not exist.
    ///
    /// - Parameter titles: What `titles` finds in the tests.
    static func proofs(_ file: SourceFile, titles: Set<Substring>) -> [Violation] {
        guard file.isMarkdown else { return [] }
        var isTable = false
        return file.lines.enumerated().flatMap { index, line -> [Violation] in
            guard line.hasPrefix("|"), let cell = line.split(separator: "|").last else {
                isTable = false
                return []
            }
            let proof = cell.split(separator: " ").joined(separator: " ")
            if proof == "shown by" {
                isTable = true
                return []
            }
            guard isTable, proof.isEmpty || proof.contains(where: { $0 != "-" }) else { return [] }
            let names = named(in: proof)
            let reasons = names.filter { !titles.contains($0) }.map { "no test is called \"\($0)\"" }
            return (names.isEmpty && !proof.contains("Tools/") ? ["a sentence without a test"] : reasons)
                .map { Violation(path: file.path, line: index + 1, reason: $0) }
        }
    }

    /// The texts in a file of tests that may be titles or arguments: those behind `@Test(` or at the start of
    /// a line.
    static func titles(_ file: SourceFile) -> [Substring] {
        file.lines.filter { $0.contains("@Test(") || $0.drop { $0 == " " }.first == "\"" }.flatMap { line in
            line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                .filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
        }
    }

    /// The titles of tests and the names of attacks in a cell.
    private static func named(in cell: String) -> [Substring] {
        cell.matches(of: /"([^"]+)"|--only ([a-z0-9-]+)/).compactMap { $0.1 ?? $0.2 }
    }
}
