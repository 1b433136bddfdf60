// PlotColumns.swift — a series reduced to the columns of a plot.
//
// Invariants:
// - A column keeps the smallest and the largest value in it, so that no spike is lost.
// - Memory is one record for each column and does not grow with the samples.

/// One series of a plot.
struct PlotColumns {
    /// The values in one column of dots.
    struct Column {
        var low = 0.0
        var high = 0.0
        var first = 0.0
        var last = 0.0
        var isEmpty = true
        /// Whether a missing reading lies between the previous value and the first one here.
        var isAfterGap = false
    }

    /// The name in the legend.
    let label: String
    private(set) var columns: [Column]
    /// How many values were drawn.
    private(set) var count = 0
    private let first: Int64
    private let span: Double
    private var isInGap = false

    init(label: String, times: ClosedRange<Int64>, columnCount: Int) {
        self.label = label
        columns = Array(repeating: Column(), count: columnCount)
        first = times.lowerBound
        span = Double(times.upperBound) - Double(times.lowerBound)
    }

    /// The smallest and the largest value, or nil without values.
    var extent: ClosedRange<Double>? {
        let used = columns.filter { !$0.isEmpty }
        guard let low = used.map(\.low).min(), let high = used.map(\.high).max() else { return nil }
        return low...high
    }

    /// Adds the next reading in time order; nil and values that are not finite leave a gap.
    mutating func add(_ time: Int64, _ value: Double?) {
        guard let value, value.isFinite else {
            isInGap = true
            return
        }
        let share = span > 0 ? (Double(time) - Double(first)) / span : 0.5
        let index = min(max(Int(share * Double(columns.count)), 0), columns.count - 1)
        count += 1
        if columns[index].isEmpty {
            columns[index] = Column(
                low: value, high: value, first: value, last: value, isEmpty: false, isAfterGap: isInGap)
        } else {
            columns[index].low = min(columns[index].low, value)
            columns[index].high = max(columns[index].high, value)
            columns[index].last = value
        }
        isInGap = false
    }

    /// Pairs of neighbouring columns with values that a line joins.
    ///
    /// A line joins two columns if they are at most one and a half times the median distance apart and no missing
    /// reading lies between them. Columns with one empty column between them always count as near enough.
    var joints: [(from: Int, to: Int)] {
        let used = columns.indices.filter { !columns[$0].isEmpty }
        let distances = zip(used, used.dropFirst()).map { $1 - $0 }
        guard !distances.isEmpty else { return [] }
        let usual = distances.sorted()[distances.count / 2]
        let longest = max(2, usual * 3 / 2)
        return zip(used, used.dropFirst()).filter { $1 - $0 <= longest && !columns[$1].isAfterGap }
            .map { (from: $0, to: $1) }
    }
}
