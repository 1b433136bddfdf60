// SampleRows.swift — the loop that writes samples as CSV or JSON rows.
//
// Both formats are the same row with other bytes between the fields, so they share one loop.
//
// Invariants:
// - Room for a row is its template's bytes and three fields of `TextCursor.maximumBytes`.

import VarveModel
import VarveText

/// The bytes between and in place of the fields of a row.
struct SampleRowTemplate {
    /// Before a row, from the second row of the output on.
    var separator: [UInt8] = []
    var beforeTime: [UInt8]
    var afterTime: [UInt8]
    var afterValue: [UInt8]
    var afterQuality: [UInt8]
    /// Instead of a missing value.
    var missing: [UInt8]
    /// Instead of a quality that was not given.
    var noQuality: [UInt8]
    /// Around `NaN`, `inf` and `-inf`.
    var wordQuote: [UInt8]
    /// How times are written, which must hold all of them.
    var times = TimeForm.shortest
    /// Writes a text value.
    var appendText: (TextColumn, Int, inout [UInt8]) -> Void

    /// The most bytes of a row whose value is not a text.
    fileprivate var maximumBytes: Int {
        separator.count + beforeTime.count + afterTime.count + afterValue.count + afterQuality.count
            + missing.count + noQuality.count + 2 * wordQuote.count + 3 * TextCursor.maximumBytes
    }
}

/// Writes samples by a template.
struct SampleRows {
    private static let rowsPerPiece = 256

    private let template: SampleRowTemplate
    private let output: OutputBuffer
    private var date = DateText()
    private var scratch: [UInt8] = []
    private var isFirst: Bool

    /// Makes a writer for one series; `isFirst` says that no row was written before.
    init(_ template: SampleRowTemplate, to output: OutputBuffer, isFirst: Bool) {
        self.template = template
        self.output = output
        self.isFirst = isFirst
    }

    /// Writes the first `count` samples.
    mutating func write(_ samples: SampleColumns, count: Int, type: ValueType) throws {
        precondition(samples.states.count == samples.count && samples.values.count == samples.count)
        let end = min(count, samples.count)
        switch samples.values {
        case .bits(let bits):
            var start = 0
            while start < end {
                let next = min(start + SampleRows.rowsPerPiece, end)
                try write(samples, bits, start..<next, type)
                start = next
            }
        case .text(let texts):
            for index in 0..<end { try write(samples, texts, index) }
        }
    }

    private mutating func write(
        _ samples: SampleColumns, _ bits: [UInt64], _ range: Range<Int>, _ type: ValueType
    ) throws {
        // Locals, so that the loop touches no property of self.
        var date = date
        var scratch = scratch
        var isFirst = isFirst
        let template = template
        let form = template.times
        let room = range.count * template.maximumBytes
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { target in
            guard let base = target.baseAddress else { return }
            var cursor = TextCursor(next: base)
            samples.times.withUnsafeBufferPointer { times in
                bits.withUnsafeBufferPointer { bits in
                    samples.states.withUnsafeBufferPointer { states in
                        for index in range {
                            if isFirst { isFirst = false } else { cursor.copy(template.separator) }
                            cursor.copy(template.beforeTime)
                            cursor.time(times[index], &date, form)
                            cursor.copy(template.afterTime)
                            let state = SampleState(bits: states[index])
                            if state?.isMissing ?? true {
                                cursor.copy(template.missing)
                            } else {
                                cursor.value(bits[index], type, template.wordQuote, &scratch)
                            }
                            cursor.copy(template.afterValue)
                            cursor.quality(state, template.noQuality)
                            cursor.copy(template.afterQuality)
                        }
                    }
                }
            }
            try output.append(UnsafeBufferPointer(start: base, count: cursor.next - base))
        }
        self.date = date
        self.scratch = scratch
        self.isFirst = isFirst
    }

    private mutating func write(_ samples: SampleColumns, _ texts: TextColumn, _ index: Int) throws {
        let state = SampleState(bits: samples.states[index])
        var row: [UInt8] = isFirst ? [] : template.separator
        isFirst = false
        row += template.beforeTime
        template.times.append(Timestamp(nanoseconds: samples.times[index]), to: &row)
        row += template.afterTime
        if state?.isMissing ?? true {
            row += template.missing
        } else {
            template.appendText(texts, index, &row)
        }
        row += template.afterValue
        if let quality = state?.quality {
            ValueText.append(Int64(quality), to: &row)
        } else {
            row += template.noQuality
        }
        row += template.afterQuality
        try output.append(row)
    }
}

extension TextCursor {
    fileprivate mutating func value(
        _ bits: UInt64, _ type: ValueType, _ wordQuote: [UInt8], _ scratch: inout [UInt8]
    ) {
        switch type {
        case .double:
            let value = Double(bitPattern: bits)
            if value.isFinite { return finite(value, &scratch) }
            scratch.removeAll(keepingCapacity: true)
            ValueText.append(value, to: &scratch)
            copy(wordQuote)
            copy(scratch)
            copy(wordQuote)
        case .bool: copy(Array((bits != 0 ? "true" : "false").utf8))
        case .int64, .string, .json: integer(Int64(bitPattern: bits))
        }
    }

    fileprivate mutating func quality(_ state: SampleState?, _ noQuality: [UInt8]) {
        if let quality = state?.quality {
            integer(Int64(quality))
        } else {
            copy(noQuality)
        }
    }
}
