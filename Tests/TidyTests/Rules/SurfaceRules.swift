// SurfaceRules.swift — modules are small enough to know, and show little of their insides to each other.

enum SurfaceRules {
    /// A module has at most 90 Swift files.
    static func moduleSize(_ files: [SourceFile], limit: Int = 90) -> [Violation] {
        let modules = Dictionary(grouping: files.filter(\.isSwift)) { $0.module }
        return modules.sorted { ($0.key ?? "") < ($1.key ?? "") }.compactMap { module, files in
            guard let module, files.count > limit else { return nil }
            return Violation(
                path: "Sources/\(module)", line: 0,
                reason: "\(files.count) Swift files in one module, at most \(limit)")
        }
    }

    /// All modules together have at most 500 `package` declarations, imports not counted.
    static func packageDeclarations(_ files: [SourceFile], limit: Int = 500) -> [Violation] {
        var counts: [String: Int] = [:]
        for file in files where file.module != nil {
            counts[file.module ?? "", default: 0] += file.words.indices.count { index in
                let next = file.words.dropFirst(index + 1).first?.text
                return file.words[index].text == "package" && next != "import"
            }
        }
        let total = counts.values.reduce(0, +)
        guard total > limit else { return [] }
        let shares = counts.filter { $0.value > 0 }.sorted { $0.value > $1.value }
        return [
            Violation(
                path: "Sources", line: 0,
                reason: "\(total) package declarations, at most \(limit): "
                    + shares.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        ]
    }
}
