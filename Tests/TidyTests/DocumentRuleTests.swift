// DocumentRuleTests.swift — the rules of documents fire on what breaks them.

import Testing

@Suite("Each rule of documents fires")
struct DocumentRuleTests {
    private static let manifest = SourceFile(
        "Package.swift",
        """
        .systemLibrary(name: "CA"),
        .target(
            name: "B", dependencies: ["CA"]),
        .testTarget(name: "BTests", dependencies: ["B"]),
        """)

    private func page(_ rows: [String]) -> SourceFile {
        SourceFile("Sources/README.md", (["| target | what |", "|---|---|"] + rows).joined(separator: "\n"))
    }

    @Test(
        "targets that are missing, too many or in another order are found",
        arguments: [
            ["| `CA` | c |", "| `BTests` | t |"], ["| `B` | b |", "| `CA` | c |", "| `BTests` | t |"],
            ["| `CA` | c |", "| `B` | b |", "| `BTests` | t |", "| `D` | d |"], [],
        ])
    func targets(rows: [String]) {
        #expect(MapRules.targets(page(rows), manifest: Self.manifest).count == 1)
        let all = page(["| `CA` | c |", "", "| target | what |", "| `B` | of `CA` |", "| `BTests` | t |"])
        #expect(MapRules.targets(all, manifest: Self.manifest).isEmpty)
    }

    @Test(
        "a path that does not exist is found",
        arguments: ["`M/B.swift`", "`B.swift`", "`M/N/`", "`Tools/no`"])
    func paths(quote: String) {
        let existing: Set<String> = ["Sources/M/A.swift", "Tools/run"]
        let good = "`M/A.swift`, `M/`, `Tools/run`, `word`, M/none"
        #expect(MapRules.paths(page(["| a | \(quote) |"]), existing: existing).map(\.line) == [3])
        #expect(MapRules.paths(page(["| a | \(good) |"]), existing: existing).isEmpty)
    }

    @Test("a tool that is missing in the table, or only there, is found")
    func tools() {
        let text = "| tool | what |\n|---|---|\n| `Tools/run` | runs |\n| `Tools/data/` | `Tools/a` |\n"
        func found(_ paths: Set<String>) -> Int {
            MapRules.tools(SourceFile(MapRules.tools, text), existing: paths).count
        }
        #expect(found(["Tools/run", "Tools/data/a", "Tools/data/b", "README.md"]) == 0)
        #expect(found(["Tools/run", "Tools/data/a", "Tools/new"]) == 1)
        #expect(found(["Tools/run"]) == 1)
    }

    @Test("a variable that the sources read and the table does not name is found")
    func variables() {
        let page = SourceFile(MapRules.commands, "| variable | what |\n|---|---|\n| `VARVE_A` | a |\n")
        func found(_ text: String, _ path: String = "Sources/M/A.swift") -> Int {
            MapRules.variables(page, sources: [SourceFile(path, text)]).count
        }
        #expect(found(#"getenv("VARVE_A") + ["VARVE_"]"#) == 0)
        #expect(found(#"let name = "VARVE_NEW""#) == 1)
        #expect(found(#"let name = "VARVE_NEW""#, "Tests/M/A.swift") == 0)
    }

    @Test("a line of a document has at most 120 characters, tables, blocks and links apart")
    func lineLength() {
        func count(_ text: String) -> Int {
            MarkdownRules.lineLength(SourceFile("A.md", text)).count
        }
        let words = String(repeating: "ä bcd ", count: 20)
        #expect(count(words + "\n") == 0)
        #expect(count(words + "e\n") == 1)
        #expect(count("| " + words + "|\n") == 0)
        #expect(count("```\n" + words + "e\n```\n") == 0)
        #expect(count("[a]: https://" + words + "\n") == 0)
        #expect(count("  " + String(repeating: "a", count: 140) + "\n") == 0)
    }

    @Test("a phrase at which readers stumbled is found in prose, messages and titles, and only there")
    func phrases() {
        let word = "an" + "ew"
        let code = "// It is made \(word).\nlet a = \"b \(word)\"\n    /// \(word)ed\nlet \(word) = 1\n"
        #expect(PhraseRules.phrases(SourceFile("Sources/M/A.swift", code)).map(\.line) == [1, 2])
        let none = "// There is " + "none.\n@Test(\"one is " + "none\")\n"
        #expect(PhraseRules.phrases(SourceFile("Tests/M/A.swift", none)).map(\.line) == [2])
        let page = "Made \(word).\n```\n\(word)\n```\n  | \"\(word)\" | again |\n"
        #expect(PhraseRules.phrases(SourceFile("README.md", page)).map(\.line) == [1])
    }

    @Test("a documented parameter that the declaration does not have is found")
    func parameters() {
        let mark = "//" + "/"
        let code = """
            \(mark) - Parameters:
            \(mark)   - named: It is there.
            \(mark)   - gone: It is not.
            \(mark)   - inner: The name inside counts.
            \(mark) - Throws: Nothing: it is no parameter.
            @discardableResult
            func a(
                named: Int, label inner: Int
            ) -> Int {
            \(mark) - Parameter label: The name outside does not count.
            init(label inner: [String: Int]) { self.gone = gone }

            """
        let found = ParameterRules.stale(SourceFile("Sources/M/A.swift", code))
        #expect(found.map(\.line) == [3, 10])
    }
}
