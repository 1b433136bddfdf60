// StretchRuns.swift — finds the pass of a repeated hour that each row of a series belongs to, from the rows' order.
//
// A stretch is the local time that comes twice. Its rows are cut into runs where time does not go on in the series'
// direction.
// - Two runs are the two passes.
// - One run does not show its pass.
// - If there are more than two, neighbours equal in time, value and quality first count as one row.
// - Two runs that are separated only by such neighbours are one run with a row twice. Two single rows are an exception:
//   hourly data look like that.
// - Runs with other rows of the series between them are not passes: one of them came late, or was exported twice.
//
// Invariants:
// - The memory for a stretch does not grow with its rows.

/// A direction of time in a file.
enum TimeDirection {
    case ascending
    case descending
}

/// Counts how often time goes forwards and backwards from one row of a series to the next.
///
/// Steps inside a stretch are left out.
struct TimeSteps: Hashable {
    private var last: (seconds: Int64, fraction: Int64)?
    private(set) var forwards: UInt64 = 0
    private(set) var backwards: UInt64 = 0
    /// The start of the last row's stretch; nil for a row outside stretches.
    private var stretch: Int64?
    /// The line at which the last row's part of the series began; 0 for none.
    ///
    /// A part is one row outside stretches, or successive rows of one stretch.
    private(set) var line: UInt64 = 0

    /// Takes note of the next row.
    ///
    /// - Parameters:
    ///   - seconds: Its local time, with `fraction` in nanoseconds.
    ///   - stretch: The start of its stretch; nil for a row outside stretches.
    ///   - line: The number of its line.
    @inline(__always)
    mutating func add(_ seconds: Int64, _ fraction: Int64, stretch: Int64? = nil, line: UInt64 = 0) {
        let goesOn = stretch != nil && stretch == self.stretch
        if !goesOn { self.line = line }
        self.stretch = stretch
        if let last, !goesOn {
            if (seconds, fraction) > last { forwards &+= 1 }
            if (seconds, fraction) < last { backwards &+= 1 }
        }
        last = (seconds, fraction)
    }

    /// Adds the counts of another series.
    mutating func add(_ other: TimeSteps) {
        forwards &+= other.forwards
        backwards &+= other.backwards
    }

    /// Whether any step was counted.
    var hasSteps: Bool { forwards > 0 || backwards > 0 }

    /// The direction of most steps; nil for a tie.
    var majority: TimeDirection? {
        forwards == backwards ? nil : forwards > backwards ? .ascending : .descending
    }

    /// The direction of at least three quarters of the steps; nil for rows in no clear order.
    var direction: TimeDirection? {
        max(forwards, backwards) / 3 >= min(forwards, backwards) ? majority : nil
    }

    static func == (left: TimeSteps, right: TimeSteps) -> Bool {
        left.forwards == right.forwards && left.backwards == right.backwards
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(forwards)
        hasher.combine(backwards)
    }
}

/// Assigns the rows of one series in one stretch to runs, row after row.
struct RunCounter {
    /// A row reduced to what runs compare.
    struct Row: Equatable {
        var seconds: Int64
        var fraction: Int64
        /// A hash of value and quality.
        var content: UInt64
        /// The line at which the row's part of the series began (see `TimeSteps.line`); 0 for none.
        var part: UInt64

        static func == (left: Row, right: Row) -> Bool {
            left.seconds == right.seconds && left.fraction == right.fraction && left.content == right.content
        }
    }

    private let direction: TimeDirection
    private let joinsEqual: Bool
    private var last: Row?
    /// The number of runs so far.
    private(set) var count = 0

    /// - Parameter joinsEqual: Whether neighbours equal in time, value and quality count as one row.
    init(_ direction: TimeDirection, joinsEqual: Bool) {
        self.direction = direction
        self.joinsEqual = joinsEqual
    }

    /// Takes the next row.
    ///
    /// - Returns: The number of its run, from 0.
    mutating func add(_ row: Row) -> Int {
        defer { last = row }
        guard let last else {
            count = 1
            return 0
        }
        if joinsEqual, last == row { return count - 1 }
        let goesOn =
            direction == .ascending
            ? (row.seconds, row.fraction) > (last.seconds, last.fraction)
            : (row.seconds, row.fraction) < (last.seconds, last.fraction)
        if !goesOn { count += 1 }
        return count - 1
    }
}

/// Decides about the rows of one series in one stretch before they are handed on.
struct StretchRuns {
    /// The decision about the rows.
    enum Verdict: Equatable {
        /// The rows are the two passes; `joinsEqual` says how to cut them.
        case passes(TimeDirection, joinsEqual: Bool)
        /// All rows are one run.
        case oneRun
        /// The rows around them are in no order.
        case unordered
        /// Other rows of the series lie between them.
        case parted
        /// They are mended rows, without the surrounding rows that would show the direction.
        case mended
        /// The rows form this many runs.
        case unclear(Int)

        /// Why the rows are rejected.
        func reason(zone: String) -> String {
            let what =
                switch self {
                case .passes: ""
                case .oneRun: " and once only in the file"
                case .unordered: ", and the rows around it are in no order"
                case .parted: ", and other rows of the point are between its rows"
                case .mended: ", and mended rows alone do not show which pass they belong to"
                case .unclear(let count): ", and the rows of this point begin it \(count) times"
                }
            let other =
                self == .oneRun
                ? "" : ", if all are of one pass; else write the offset behind the time, as in 02:00:00+02:00"
            return "this hour comes twice in \(zone)\(what): --repeated-hour first or second\(other)"
        }
    }

    private var rows: UInt64 = 0
    private var inside = TimeSteps()
    private var part: UInt64?
    private var areParted = false
    private var counters = [
        RunCounter(.ascending, joinsEqual: false), RunCounter(.ascending, joinsEqual: true),
        RunCounter(.descending, joinsEqual: false), RunCounter(.descending, joinsEqual: true),
    ]

    /// Takes note of the next row.
    mutating func add(_ row: RunCounter.Row) {
        rows += 1
        if let part, part != row.part { areParted = true }
        part = row.part
        inside.add(row.seconds, row.fraction)
        for index in counters.indices { _ = counters[index].add(row) }
    }

    /// Decides about the rows taken so far.
    ///
    /// - Parameters:
    ///   - series: The steps of the series outside stretches, and into and out of them.
    ///   - file: The steps of all series of the file, for rows in zones with clock changes.
    ///   - areMended: Whether the rows were rejected before, and so lack the rows that surrounded them.
    func verdict(series: TimeSteps, file: TimeSteps, areMended: Bool) -> Verdict {
        if areMended { return .mended }
        let around = series.hasSteps ? series : file
        let within = series.hasSteps ? nil : inside.majority
        guard let direction = within ?? (around.hasSteps ? around.direction : .ascending) else {
            return .unordered
        }
        let first = direction == .ascending ? 0 : 2
        let plain = counters[first].count
        let joined = counters[first + 1].count
        if plain < 2 || plain == 2 && joined == 1 && rows > 2 { return .oneRun }
        // The passes follow each other: rows between them belong to another part of the history.
        if areParted { return .parted }
        if plain == 2 { return .passes(direction, joinsEqual: false) }
        return joined == 2 ? .passes(direction, joinsEqual: true) : .unclear(plain)
    }
}
