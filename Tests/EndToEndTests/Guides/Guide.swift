// Guide.swift — a page of examples: the files it gives, the commands it shows, and what they print.
//
//     ```csv history.csv          a block with the name of a file is that file
//     ```console                  `$ ` begins a command, and a `\` continues it; the lines below it are its output
//
// No other block is run. `GuideOutput` explains the notation of outputs.

import Foundation

/// The examples of one page, in order.
struct Guide {
    /// A command and what the page shows of its output.
    struct Example {
        var command: String
        var shown: [String] = []
        /// The line of the page, counted from 1.
        var line: Int

        /// Whether it keeps running during the rest of the page.
        var isBackground: Bool { command.hasSuffix(" &") }

        /// The last line that the page shows, apart from `…`.
        ///
        /// Once it is printed, the output is complete.
        var lastLine: String? { shown.last { $0 != GuideOutput.gap } }
    }

    enum Step {
        case file(name: String, text: String)
        case command(Example)
    }

    private(set) var steps: [Step] = []

    /// The commands.
    var examples: [Example] {
        steps.compactMap { step in
            if case .command(let example) = step { example } else { nil }
        }
    }

    /// The pages whose examples are run: the README and the catalog of the tool.
    static let pages: [String] = {
        let catalog = "Sources/varve/varve.docc"
        let folder = Recording.repository.path + "/" + catalog
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return ["README.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "\(catalog)/\($0)" }
    }()

    /// Reads the page of that path in the repository.
    init(page: String) throws {
        self.init(try String(contentsOf: Recording.repository.appendingPathComponent(page), encoding: .utf8))
    }

    /// Reads a page.
    init(_ text: String) {
        var block: (info: [Substring], start: Int, lines: [Substring])?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                if let (info, start, lines) = block {
                    add(info, lines, at: start)
                    block = nil
                } else {
                    block = (line.dropFirst(3).split(separator: " "), index + 1, [])
                }
            } else {
                block?.lines.append(line)
            }
        }
    }

    private mutating func add(_ info: [Substring], _ lines: [Substring], at start: Int) {
        if info.count == 2 {
            let text = lines.joined(separator: "\n") + "\n"
            return steps.append(.file(name: String(info[1]), text: text))
        }
        guard info == ["console"] else { return }
        var examples: [Example] = []
        var isContinued = false
        for (offset, line) in lines.enumerated() {
            if isContinued {
                examples[examples.count - 1].command += "\n" + line
            } else if line.hasPrefix("$ ") {
                examples.append(Example(command: String(line.dropFirst(2)), line: start + 1 + offset))
            } else if !examples.isEmpty {
                examples[examples.count - 1].shown.append(String(line))
                continue
            }
            isContinued = line.hasSuffix("\\")
        }
        for var example in examples {
            // A blank line before the next command is not part of the output.
            while example.shown.last == "" { example.shown.removeLast() }
            steps.append(.command(example))
        }
    }
}
