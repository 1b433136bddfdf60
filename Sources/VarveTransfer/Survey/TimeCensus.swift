// TimeCensus.swift — examines the numbers among the times of a file and finds their unit.
//
// A number belongs to the coarsest unit in which it can be stored: seconds up to 2262 are at most 9,223,372,036,
// milliseconds a thousand times that, and so on. Numbers of times within about a hundred days of 1970 look like the
// next coarser unit; such files need `--time-unit`.
//
// Invariants:
// - A file has one unit: numbers of different units are an error. Zero fits every unit.
// - Digits are dates if most numbers of the file look like dates: one wrong row must not move all others to 1970.

import VarveModel
import VarveText

/// Counts the units and forms that the numbers among the times of a file look like.
struct TimeCensus {
    /// The numbers that look like each unit, by the unit's raw value; zeros are not counted here.
    private var counts: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private(set) var zeros: UInt64 = 0
    /// The numbers that are dates (see `CompactDate`); `counts` includes them.
    private(set) var dates: UInt64 = 0

    /// The largest number of seconds that can be stored.
    private static let lastSecond: UInt64 = 9_223_372_036

    /// Whether a number of nanoseconds since 1970 looks like a coarser unit.
    static func isEarly(_ nanoseconds: Int64) -> Bool {
        nanoseconds != 0 && nanoseconds.magnitude <= lastSecond * 1_000_000
    }

    /// Counts the text of a time, if it is a number.
    @inline(__always)
    mutating func add(_ base: UnsafePointer<UInt8>, _ count: Int) {
        // A date has its first dash at 4; a number has digits there or is shorter.
        if count > 4, base[4] == 0x2D { return }
        addNumber(base, count)
    }

    private mutating func addNumber(_ base: UnsafePointer<UInt8>, _ count: Int) {
        switch NumberText.whole(base, count) {
        case .value(let value):
            if CompactDate.time(base, count) != nil { dates += 1 }
            add(value.magnitude)
        case .tooLarge: break
        case .none:
            guard let magnitude = TimeParser.magnitude(base, count) else { return }
            if CompactDate.time(base, count) != nil { dates += 1 }
            if magnitude < 0x1p63 { add(UInt64(magnitude)) }
        }
    }

    private mutating func add(_ magnitude: UInt64) {
        if magnitude == 0 {
            zeros += 1
        } else if magnitude <= Self.lastSecond {
            counts.0 += 1
        } else if magnitude <= Self.lastSecond * 1000 {
            counts.1 += 1
        } else if magnitude <= Self.lastSecond * 1_000_000 {
            counts.2 += 1
        } else {
            counts.3 += 1
        }
    }

    /// The count of all numbers.
    private var total: UInt64 { counts.0 + counts.1 + counts.2 + counts.3 + zeros }

    /// Whether there was a number.
    var hasNumbers: Bool { total > 0 }

    /// Whether most numbers are dates written as digits; the import then rejects the others.
    var areDates: Bool { dates > total / 2 }

    /// The units that numbers of the file look like.
    var seenUnits: [TimeUnit] {
        let all = [counts.0, counts.1, counts.2, counts.3]
        return TimeUnit.allCases.filter { all[Int($0.rawValue)] > 0 }
    }

    /// The unit of the file; nil if it has no epochs or epochs of several units.
    var unit: TimeUnit? {
        let units = seenUnits
        if units.count == 1 { return units[0] }
        return units.isEmpty && zeros > 0 ? .seconds : nil
    }
}

extension NumericTimes {
    /// Finds what the numbers among the times of a file mean from all of them.
    ///
    /// - Throws: `ImportError.mixedTimeUnits` if they look like several units.
    init(_ census: TimeCensus, options: ImportOptions, path: String) throws(ImportError) {
        if let given = options.timeUnit {
            self.init(unit: given)
        } else if !census.hasNumbers {
            self.init()
        } else if census.areDates {
            self.init(areDates: true)
        } else if let unit = census.unit {
            self.init(unit: unit, lookLikeDates: census.dates > 0)
        } else {
            throw .mixedTimeUnits(path: path, units: census.seenUnits.map(\.name))
        }
    }
}
