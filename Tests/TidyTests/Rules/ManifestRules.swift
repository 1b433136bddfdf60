// ManifestRules.swift — Package.swift declares exactly the modules and dependencies of the table.

enum ManifestRules {
    /// Compares the targets of a manifest with the table, apart from tests and C libraries.
    static func direction(_ manifest: SourceFile, table: [String: Set<String>]) -> [Violation] {
        let declared = targets(manifest.text)
        var found: [Violation] = []
        for name in Set(table.keys).union(declared.keys).sorted() where table[name] != declared[name] {
            let wanted = table[name].map { $0.sorted().joined(separator: ", ") } ?? "no such module"
            let real = declared[name].map { $0.sorted().joined(separator: ", ") } ?? "no such target"
            found.append(
                Violation(
                    path: manifest.path, line: 0, reason: "\(name): declared [\(real)], table [\(wanted)]"))
        }
        return found
    }

    /// The name and the dependencies of each of our targets.
    static func targets(_ manifest: String) -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        for match in manifest.matches(of: /\.(?:executableTarget|target)\(\s*name: "([^"]+)"/) {
            let rest = call(manifest[match.range.lowerBound...])
            var names: Set<String> = []
            if let list = rest.firstMatch(of: /dependencies: \[([^\]]*)\]/) {
                // A product is named in a call of its own; the name of its package is not a dependency.
                let text = String(list.1).replacing(/package: "[^"]+"/, with: "")
                names = Set(text.matches(of: /"([^"]+)"/).map { String($0.1) })
            }
            found[String(match.1)] = names
        }
        return found
    }

    /// The text of a call up to its closing parenthesis.
    private static func call(_ text: Substring) -> Substring {
        var depth = 0
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if text[index] == ")", depth == 0 { return text[...index] }
        }
        return text
    }
}
