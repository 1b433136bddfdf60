// TerminalPlot.swift — series as a line plot of braille dots.
//
// From top to bottom: a legend line for each series, 16 lines of plot with values on the left, the axis, and the times
// under it. If there are several series, each has a letter at its last value, so that they can be distinguished without
// colours. On a terminal each has its colour too.

import VarveModel
import VarveText

/// Draws up to six series over one range of time.
struct TerminalPlot {
    /// The most series in one plot.
    static let maximumSeries = 6
    private static let letters: [Character] = ["A", "B", "C", "D", "E", "F"]
    private static let colours = [36, 33, 35, 32, 34, 31]
    private static let labelWidth = 11

    private let times: ClosedRange<Int64>
    private let height = 16
    private let width: Int
    private let clock: LocalTimeText
    private let isColoured: Bool
    private(set) var series: [PlotColumns] = []

    /// Makes an empty plot.
    ///
    /// - Parameters:
    ///   - times: The first and the last time drawn.
    ///   - terminalWidth: Characters in a line; taken as at least 52 and at most 400.
    ///   - clock: How times are written.
    ///   - isColoured: Whether to use colours.
    init(times: ClosedRange<Int64>, terminalWidth: Int, clock: LocalTimeText, isColoured: Bool) {
        self.times = times
        self.clock = clock
        self.isColoured = isColoured
        width = min(max(terminalWidth, 52), 400) - TerminalPlot.labelWidth - 4
    }

    /// Begins the next series.
    mutating func startSeries(_ label: String) {
        series.append(PlotColumns(label: label, times: times, columnCount: width * 2))
    }

    /// Adds the next reading of the series begun last; nil leaves a gap.
    mutating func add(_ time: Int64, _ value: Double?) {
        series[series.count - 1].add(time, value)
    }

    /// The plot as lines of text.
    func text() -> String {
        let extents = series.compactMap(\.extent)
        guard let low = extents.map(\.lowerBound).min(), let high = extents.map(\.upperBound).max() else {
            return legend() + "nothing to draw: no numbers in this range\n"
        }
        let scale = PlotScale(low: low, high: high)
        var grid = BrailleGrid(width: width, height: height)
        for index in series.indices { draw(series[index], owner: index, scale, &grid) }
        let marks = lastMarks(scale)
        var lines = legend()
        for row in 0..<height {
            let label = row % 5 == 0 ? scale.label(row: row, of: height) : ""
            var line = padded(label, TerminalPlot.labelWidth) + (row % 5 == 0 ? " ┤" : " │")
            for column in 0..<width {
                guard let cell = grid.cell(column: column, row: row) else {
                    line += " "
                    continue
                }
                line += coloured(String(cell.text), cell.owner)
            }
            if let owner = marks[row] { line += " " + coloured(String(TerminalPlot.letters[owner]), owner) }
            while line.last == " " { line.removeLast() }
            lines += line + "\n"
        }
        return lines + timeAxis()
    }

    private func draw(_ series: PlotColumns, owner: Int, _ scale: PlotScale, _ grid: inout BrailleGrid) {
        let last = grid.dotRows - 1
        func row(_ value: Double) -> Int { Int((scale.share(value) * Double(last)).rounded()) }
        for (index, column) in series.columns.enumerated() where !column.isEmpty {
            grid.draw(column: index, from: row(column.low), to: row(column.high), owner: owner)
        }
        for joint in series.joints {
            let start = scale.share(series.columns[joint.from].last) * Double(last)
            let end = scale.share(series.columns[joint.to].first) * Double(last)
            let steps = joint.to - joint.from
            for step in 0..<steps {
                let from = start + (end - start) * Double(step) / Double(steps)
                let to = start + (end - start) * Double(step + 1) / Double(steps)
                let middle = Int(((from + to) / 2).rounded())
                let column = joint.from + step
                grid.draw(column: column, from: Int(from.rounded()), to: middle, owner: owner)
                grid.draw(column: column + 1, from: middle, to: Int(to.rounded()), owner: owner)
            }
        }
    }

    /// The rows of the series' letters.
    ///
    /// Where two would meet, the later one takes the nearest free row.
    private func lastMarks(_ scale: PlotScale) -> [Int: Int] {
        guard series.count > 1 else { return [:] }
        var marks: [Int: Int] = [:]
        for (owner, one) in series.enumerated() {
            guard let last = one.columns.last(where: { !$0.isEmpty }) else { continue }
            let wanted = Int(scale.share(last.last) * Double(height - 1) + 0.5)
            let free = (0..<height).filter { marks[$0] == nil }
            if let row = free.min(by: { abs($0 - wanted) < abs($1 - wanted) }) { marks[row] = owner }
        }
        return marks
    }

    private func legend() -> String {
        series.enumerated().reduce(into: "") { text, item in
            let (index, one) = item
            let mark = series.count > 1 ? coloured("\(TerminalPlot.letters[index])", index) + " " : ""
            let values = one.extent.map {
                "min \(ValueText.string($0.lowerBound))  max \(ValueText.string($0.upperBound))  "
            }
            text += mark + printable(one.label) + "  " + (values ?? "")
            text += one.count == 1 ? "1 value\n" : "\(one.count) values\n"
        }
    }

    private func timeAxis() -> String {
        let indent = String(repeating: " ", count: TerminalPlot.labelWidth + 1)
        let span = Double(times.upperBound) - Double(times.lowerBound)
        let hasSeconds = span < 600e9
        let start = clock.short(times.lowerBound, hasSeconds: hasSeconds)
        let end = clock.short(times.upperBound, hasSeconds: hasSeconds)
        // Halves first: the sum of two times may not fit.
        let middle = clock.short(times.lowerBound / 2 + times.upperBound / 2, hasSeconds: hasSeconds)
        var labels = start
        if width >= 3 * start.count + 4 {
            let place = (width + 1) / 2 - middle.count / 2
            labels += String(repeating: " ", count: max(1, place - labels.count)) + middle
        }
        labels += String(repeating: " ", count: max(1, width + 1 - labels.count - end.count)) + end
        let axis = indent + "└" + String(repeating: "─", count: width) + "\n"
        return axis + indent + labels + "\n"
    }

    private func coloured(_ text: String, _ owner: Int) -> String {
        isColoured ? "\u{1B}[\(TerminalPlot.colours[owner % 6])m\(text)\u{1B}[0m" : text
    }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
