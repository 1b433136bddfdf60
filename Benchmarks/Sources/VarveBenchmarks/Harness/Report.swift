// Report.swift — sections of tables as Markdown.

/// A report in the making; each finished section is also told on standard error.
struct Report {
    private(set) var text = ""

    /// A line of the main tables: a measurement with its goal.
    struct Line {
        var name: String
        var unit: String
        var figure: Figure
        var goal: Goal?

        init(_ name: String, _ unit: String, _ figure: Figure, _ goal: Goal? = nil) {
            self.name = name
            self.unit = unit
            self.figure = figure
            self.goal = goal
        }
    }

    mutating func add(_ paragraph: String) {
        text += paragraph + "\n\n"
    }

    /// Adds measurements with goals.
    mutating func add(_ title: String, _ lines: [Line]) {
        add(
            title, header: ["what", "unit", "median (min–max)", "goal", ""],
            lines.map { line in
                let verdict = line.goal.map { $0.isMet(by: line.figure.median) ? "met" : "**missed**" }
                return [line.name, line.unit, line.figure.text, line.goal?.text ?? "", verdict ?? ""]
            })
    }

    /// Adds a table.
    mutating func add(_ title: String, header: [String], _ rows: [[String]]) {
        text += "## \(title)\n\n"
        text += "| " + header.joined(separator: " | ") + " |\n"
        text += "|" + String(repeating: "---|", count: header.count) + "\n"
        for row in rows { text += "| " + row.joined(separator: " | ") + " |\n" }
        text += "\n"
    }
}
