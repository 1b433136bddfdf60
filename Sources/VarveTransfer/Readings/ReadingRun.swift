// ReadingRun.swift — rows of an input as columns with their values as JSON text, the form in which they are sent on.
//
// Invariants:
// - All columns have `count` elements, in file order. A row without a value has the empty text.
// - Cells of one line of a wide file share its text.

import VarveModel

/// Some rows, in file order.
package struct ReadingRun {
    /// The number of each row's series, as given to `ReadingConsumer.addSeries`.
    package private(set) var series: [UInt32] = []
    /// Times in nanoseconds since 1970 UTC.
    package private(set) var times: [Int64] = []
    /// Quality and presence, as `SampleState.bits`.
    package private(set) var states: [UInt64] = []
    /// The JSON texts of the values, one after the other.
    package internal(set) var values: [UInt8] = []
    /// Where each row's value ends in `values`.
    private(set) var valueEnds: [Int] = []
    /// The number of each row's line in the input.
    package private(set) var lines: [Int] = []
    /// The texts of the lines, one after the other.
    package private(set) var text: [UInt8] = []
    /// Where each row's line begins in `text`.
    package private(set) var textStarts: [Int] = []
    /// The length of each row's line in bytes.
    package private(set) var textCounts: [Int] = []

    init() {}

    /// The number of rows.
    package var count: Int { series.count }

    /// Where a row's value lies in `values`.
    package func valueRange(_ row: Int) -> Range<Int> { (row == 0 ? 0 : valueEnds[row - 1])..<valueEnds[row] }

    /// Adds a row, whose value, if any, is already at the end of `values`.
    mutating func append(series number: UInt32, time: Int64, state: UInt64, row: borrowing Row) {
        // The same line may also have rows in the run before, so the text must be in this run too.
        let line = row.line
        let sharesText = row.continuesLine ? lines.last == line : false
        let start = sharesText ? textStarts[textStarts.count - 1] : text.count
        if !sharesText { text.append(contentsOf: row.text) }
        series.append(number)
        times.append(time)
        states.append(state)
        valueEnds.append(values.count)
        lines.append(line)
        textStarts.append(start)
        textCounts.append(row.text.count)
    }

    /// Empties the run and keeps its memory.
    mutating func removeAll() {
        series.removeAll(keepingCapacity: true)
        times.removeAll(keepingCapacity: true)
        states.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        valueEnds.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: true)
        textStarts.removeAll(keepingCapacity: true)
        textCounts.removeAll(keepingCapacity: true)
    }
}

/// Gets the readings of an input, in file order.
package protocol ReadingConsumer: AnyObject {
    /// Gets the names of the next series; series are numbered from 0.
    ///
    /// - Throws: What ends the reading.
    func addSeries(device: String, point: String) throws

    /// Forgets all series; the next one is number 0 again. Where this happens depends only on the rows.
    ///
    /// - Throws: What ends the reading.
    func forgetSeries() throws

    /// Takes the next rows.
    ///
    /// - Throws: What ends the reading.
    func take(_ run: borrowing ReadingRun) throws

    /// Gets the progress of the reading, every few MiB.
    ///
    /// - Throws: What ends the reading.
    func advanced(_ phase: ImportPhase, bytesRead: Int, rows: UInt64) throws
}
