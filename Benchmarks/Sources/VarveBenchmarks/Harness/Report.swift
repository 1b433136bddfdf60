// Report.swift — builds a report of sections with tables, in Markdown.

/// A report that is being built.
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

    /// Adds a section of measurements with their goals.
    mutating func add(_ title: String, _ lines: [Line]) {
        add(
            title, header: ["what", "unit", "median (min–max)", "goal", ""],
            lines.map { line in
                let verdict = line.goal.map { $0.isMet(by: line.figure.median) ? "met" : "**missed**" }
                return [line.name, line.unit, line.figure.text, line.goal?.text ?? "", verdict ?? ""]
            })
    }

    /// Adds a section with a table.
    mutating func add(_ title: String, header: [String], _ rows: [[String]]) {
        text += "## \(title)\n\n"
        text += "| " + header.joined(separator: " | ") + " |\n"
        text += "|" + String(repeating: "---|", count: header.count) + "\n"
        for row in rows { text += "| " + row.joined(separator: " | ") + " |\n" }
        text += "\n"
    }
}
