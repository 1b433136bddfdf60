// SampleConversion.swift — converts the values of a series to another type.
//
// A text fits if an import would read it as the type, in full; it fits an integer type only if all digits are kept. A
// number fits another type of numbers if that holds it exactly. 0 and 1 are false and true. Every value fits a string,
// in the form of an export.
//
// Invariants:
// - Times, commits and qualities do not change.
// - Each sample is counted once: converted, missing, skipped or unfit.
// - No memory is allocated for a single sample, except for a text that is compared with words.

import VarveModel
import VarveSegment
import VarveText

/// Converts samples.
struct SampleConversion {
    private enum Fate {
        case bits(UInt64)
        /// The bytes in `text`.
        case text
        case missing
        case unfit
    }

    private let key: SeriesKey
    private let old: ValueType
    private let new: ValueType
    private let words: MissingWords
    /// The current value in the form of an export; after a conversion to text, the converted value.
    private var text: [UInt8] = []
    /// A buffer for the canonical form of JSON.
    private var canonical: [UInt8] = []

    init(_ series: SeriesInfo, _ retyping: Retyping) {
        key = series.key
        old = series.type
        new = retyping.type
        words = retyping.missing
    }

    /// Converts samples, counts them in `report`, and returns the samples that stay.
    mutating func convert(_ run: SampleRun, into report: inout RetypingReport) -> SampleRun {
        var kept: [Int] = []
        kept.reserveCapacity(run.count)
        var states: [UInt64] = []
        states.reserveCapacity(run.count)
        var bits: [UInt64] = []
        var texts = TextColumn()
        report.samples += UInt64(run.count)
        for index in 0..<run.count {
            let state = SampleState(bits: run.states[index]) ?? .plain
            let fate: Fate = state.isMissing ? .missing : fate(run.values, index)
            var word: UInt64 = 0
            switch fate {
            case .bits(let value): word = value
            case .text: texts.append(text)
            case .missing where state.isMissing: break
            case .missing:
                guard state.quality != nil else {
                    report.skipped += 1
                    continue
                }
                report.missing += 1
            case .unfit:
                noteUnfit(run, index, &report)
                continue
            }
            let isMissing = if case .missing = fate { true } else { false }
            if !isMissing || state.isMissing { report.converted += 1 }
            if new.isText {
                if isMissing { texts.append([]) }
            } else {
                bits.append(word)
            }
            kept.append(index)
            states.append(isMissing ? SampleState(quality: state.quality, isMissing: true).bits : state.bits)
        }
        let isWhole = kept.count == run.count
        return SampleRun(
            times: isWhole ? run.times : kept.map { run.times[$0] },
            values: new.isText ? .text(texts) : .bits(bits), states: states,
            commits: isWhole || run.commits.isEmpty ? run.commits : kept.map { run.commits[$0] })
    }

    /// The fate of the value of a sample that has one.
    private mutating func fate(_ values: ValueColumn, _ index: Int) -> Fate {
        switch values {
        case .bits(let bits):
            if !words.isEmpty || new.isText { write(bits[index]) }
            if isWord { return .missing }
            return new.isText ? textFate() : number(bits[index])
        case .text(let column):
            text.removeAll(keepingCapacity: true)
            text.append(contentsOf: column.bytes[column.range(index)])
            return isWord ? .missing : textFate()
        }
    }

    /// Whether `text` is a word for a missing value.
    private var isWord: Bool { !words.isEmpty && text.withUnsafeBufferPointer(words.contains) }

    /// Converts `text`, which is not such a word.
    private mutating func textFate() -> Fate {
        if new == .string { return .text }
        let (isNothing, bits) = text.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return (true, UInt64?.none) }
            return (ValueReading.isNothing(base, text.count), ValueReading.bits(text, as: new))
        }
        if isNothing { return .missing }
        if new == .json { return json() }
        guard let bits, new != .double || isExact(bits) else { return .unfit }
        return .bits(bits)
    }

    /// Whether a double has all digits of `text`; an integer may be an identifier, which must not lose its last digits.
    private func isExact(_ bits: UInt64) -> Bool {
        text.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return false }
            switch NumberText.classify(base, text.count) {
            case .integer, .decimal, .text: return true
            case .hugeInteger: return false
            case .bigInteger:
                return NumberText.int64(base, text.count) == Int64(exactly: Double(bitPattern: bits))
            }
        }
    }

    private mutating func json() -> Fate {
        canonical.removeAll(keepingCapacity: true)
        var json = canonical
        canonical = []
        let isValid = text.withUnsafeBufferPointer { text in
            do throws(JSONFailure) {
                try CanonicalJSON.append(text, to: &json)
                return true
            } catch {
                return false
            }
        }
        (text, canonical) = (json, text)
        guard isValid else { return .unfit }
        // JSON's null is a missing value.
        return text.elementsEqual("null".utf8) ? .missing : .text
    }

    /// Writes a number in the form of an export.
    private mutating func write(_ bits: UInt64) {
        text.removeAll(keepingCapacity: true)
        switch old {
        case .double: ValueText.append(Double(bitPattern: bits), to: &text)
        case .int64: ValueText.append(Int64(bitPattern: bits), to: &text)
        case .bool, .string, .json: text.append(contentsOf: (bits == 0 ? "false" : "true").utf8)
        }
    }

    /// Converts a number to another type of numbers.
    private func number(_ bits: UInt64) -> Fate {
        switch old {
        case .double:
            let value = Double(bitPattern: bits)
            if new == .bool { return value == 0 || value == 1 ? .bits(value == 1 ? 1 : 0) : .unfit }
            return Int64(exactly: value).map { .bits(UInt64(bitPattern: $0)) } ?? .unfit
        case .int64:
            let value = Int64(bitPattern: bits)
            if new == .bool { return value == 0 || value == 1 ? .bits(bits) : .unfit }
            return Double(exactly: value).map { .bits($0.bitPattern) } ?? .unfit
        case .bool, .string, .json:
            return .bits(new == .double ? Double(bits).bitPattern : bits)
        }
    }

    private mutating func noteUnfit(_ run: SampleRun, _ index: Int, _ report: inout RetypingReport) {
        report.unfit += 1
        guard report.examples.count < RetypingReport.mostExamples else { return }
        switch run.values {
        case .bits(let bits): write(bits[index])
        case .text(let column): text = Array(column.bytes[column.range(index)])
        }
        report.examples.append(
            RetypingReport.Unfit(
                key: key, time: Timestamp(nanoseconds: run.times[index]),
                text: text.withUnsafeBufferPointer { Excerpt.of($0) }))
    }
}
