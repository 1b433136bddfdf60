// GuideTests.swift — the built programs print what the guides show.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct GuideTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        @Test("the commands of a guide print what it shows", arguments: Guide.pages)
        func examples(page: String) throws {
            let guide = try Guide(page: page)
            guard !guide.examples.isEmpty else { return }
            let run = try GuideRun(guide, in: sandbox)
            for (number, example) in guide.examples.enumerated() {
                let printed = run.printed(number)
                // A command that keeps running may print more later.
                let shown = example.shown + (example.isBackground ? [GuideOutput.gap] : [])
                #expect(
                    GuideOutput.matches(shown: shown, printed: printed),
                    "\(page):\(example.line): \(example.command) printed\n\(printed.joined(separator: "\n"))")
            }
        }

        @Test("most pages of the catalog, and the README, have examples")
        func pages() throws {
            let counts = try Guide.pages.map { try Guide(page: $0).examples.count }
            #expect(counts.count { $0 > 0 } >= 9, "\(Guide.pages) \(counts)")
            #expect(counts[0] > 0)
        }

        @Test("the page of commands names every command")
        func commands() throws {
            let names = try #require(CommandTree.varve?.subcommands).map(\.commandName)
            let page = try Self.page("Commands.md")
            #expect(names.count > 15)
            for name in names {
                let isNamed = ["| `varve \(name)`", "| `varve \(name) "].contains { page.contains($0) }
                #expect(isNamed, "\(name)")
            }
        }

        @Test("the page of the service names every setting")
        func settings() throws {
            let printed = try sandbox.varve("serve", "--print-config")
            let object = try JSONSerialization.jsonObject(with: Data(printed.output.utf8))
            let keys = Self.keys(try #require(object as? [String: Any]))
            let page = try Self.page("RunningAsAService.md")
            #expect(keys.count > 10, "\(printed.errors)")
            #expect(keys.filter { !page.contains("`\($0)`") } == [])
        }

        private static func page(_ name: String) throws -> String {
            let folder = Recording.repository.path + "/Sources/varve/varve.docc/"
            return try String(contentsOfFile: folder + name, encoding: .utf8)
        }

        /// The keys of an object, with those of an object inside after a dot.
        private static func keys(_ object: [String: Any]) -> [String] {
            object.flatMap { key, value in
                (value as? [String: Any]).map { keys($0).map { "\(key).\($0)" } } ?? [key]
            }
        }

        @Test(
            "an output that differs from what is shown is noticed",
            arguments: [
                (["rows 5 in … s"], ["rows 5 in 0.1 s"], true),
                (["rows 5 in … s"], ["rows 6 in 0.1 s"], false),
                (["a  b"], ["a     b "], true), (["a b"], ["ab"], false), (["a"], ["a", "b"], false),
                (["a", "b"], ["a"], false), (["a", "…"], ["a"], true), (["a", "…"], ["a", "b", "c"], true),
                (["…", "b"], ["a", "b", "b"], true), (["…", "b"], ["a", "c"], false), ([], ["a"], false),
                ([], [], true), (["a … c"], ["a b d"], false), (["a … a"], ["a"], false),
            ])
        func comparison(shown: [String], printed: [String], isSame: Bool) {
            #expect(GuideOutput.matches(shown: shown, printed: printed) == isSame)
        }

        @Test("files, commands and outputs of a page are distinguished")
        func reading() {
            let guide = Guide(
                """
                # A
                ```csv a.csv
                x,y
                ```
                ```console
                $ varve one \\
                    --more
                first

                $ varve serve &
                …
                varve: ready: … ends it
                ```
                ```sh
                export A=1
                ```
                """)
            #expect(guide.steps.count == 3)
            #expect(guide.examples.map(\.command) == ["varve one \\\n    --more", "varve serve &"])
            #expect(guide.examples.map(\.shown) == [["first"], ["…", "varve: ready: … ends it"]])
            #expect(guide.examples.map(\.line) == [6, 10])
            #expect(guide.examples.map(\.lastLine) == ["first", "varve: ready: … ends it"])
            #expect(GuideOutput.expression(of: "…  a (b)   c…") == #".*a +\(b\) +c.*"#)
        }
    }
}
