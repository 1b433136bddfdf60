// ParameterRules.swift — a documentation comment names only parameters that the declaration below it has.
//
// swift format can check this too, but its rule also refuses every comment that leaves a parameter out.

enum ParameterRules {
    /// The documented parameters that the declaration does not have.
    static func stale(_ file: SourceFile) -> [Violation] {
        guard file.isSwift else { return [] }
        let lines = file.lines
        var found: [Violation] = []
        var names: [(name: Substring, line: Int)] = []
        var isInList = false
        for (index, line) in lines.enumerated() {
            let text = line.drop { $0 == " " }
            guard text.hasPrefix("///") else {
                if !names.isEmpty, !text.hasPrefix("@") {
                    let words = declaration(lines[index...])
                    found += names.filter { !words.contains($0.name) }.map {
                        Violation(path: file.path, line: $0.line, reason: "no parameter is called \($0.name)")
                    }
                    names = []
                }
                isInList = false
                continue
            }
            let content = text.dropFirst(3)
            if let name = item(content, "- Parameter ") {
                names.append((name, index + 1))
            } else if content.hasPrefix(" - ") {
                isInList = content.hasPrefix(" - Parameters:")
            } else if isInList, let name = item(content, "- ") {
                names.append((name, index + 1))
            }
        }
        return found
    }

    /// The name in an item such as `- Parameter name: what it is`.
    private static func item(_ content: Substring, _ mark: String) -> Substring? {
        let text = content.drop { $0 == " " }
        guard text.hasPrefix(mark), let end = text.firstIndex(of: ":") else { return nil }
        let name = text[..<end].dropFirst(mark.count)
        return name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } ? name : nil
    }

    /// The words before a colon in the first lines of a declaration, up to its body.
    private static func declaration(_ lines: ArraySlice<Substring>) -> Set<Substring> {
        var names: Set<Substring> = []
        for line in lines.prefix(20) {
            for part in line.split(separator: ":").dropLast() {
                names.insert(part.suffix(while: { $0.isLetter || $0.isNumber || $0 == "_" }))
            }
            if line.hasSuffix("{") || line.hasSuffix("}") || line.allSatisfy({ $0 == " " }) { break }
        }
        return names
    }
}

extension Substring {
    /// The longest ending whose characters all hold a condition.
    fileprivate func suffix(while holds: (Character) -> Bool) -> Substring {
        self[(lastIndex { !holds($0) }.map(index(after:)) ?? startIndex)...]
    }
}
