// SampleColumns.swift — samples of one series as columns, the form in which modules exchange them.
//
// Invariants:
// - `times`, `values` and `states` have the same count.
// - The value of a missing sample is 0 bits or empty text, so that equal samples have equal columns.
// - `TextColumn.ends` does not decrease and its last element is `bytes.count`.

/// Texts, one after the other, with the end of each.
public struct TextColumn: Hashable, Sendable {
    /// The UTF-8 bytes of all texts.
    public var bytes: [UInt8] = []
    /// For each text, the offset of the first byte after it.
    public var ends: [Int] = []

    /// Makes an empty column.
    public init() {}

    /// The number of texts.
    public var count: Int { ends.count }

    /// The offsets of text `index` in `bytes`.
    public func range(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    /// Text `index` as a string.
    public subscript(index: Int) -> String {
        String(decoding: bytes[range(index)], as: UTF8.self)
    }

    /// Adds texts `range` of another column.
    package mutating func append(_ source: TextColumn, _ range: Range<Int>) {
        guard let last = range.last else { return }
        let start = source.range(range.lowerBound).lowerBound
        let shift = bytes.count - start
        bytes.append(contentsOf: source.bytes[start..<source.ends[last]])
        for index in range { ends.append(source.ends[index] + shift) }
    }

    /// Adds one text.
    public mutating func append(_ text: some Sequence<UInt8>) {
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
    }
}

/// The values of a run of samples of one series.
public enum ValueColumn: Hashable, Sendable {
    /// `double` as its bit pattern, `int64` as two's complement, `bool` as 0 or 1.
    case bits([UInt64])
    /// `string` and `json`.
    case text(TextColumn)

    /// An empty column for a type.
    public init(type: ValueType) {
        self = type.isText ? .text(TextColumn()) : .bits([])
    }

    /// The number of values.
    public var count: Int {
        switch self {
        case .bits(let bits): bits.count
        case .text(let text): text.count
        }
    }
}

/// Samples of one series; each use says whether they are in arrival order or in time order.
public struct SampleColumns: Hashable, Sendable {
    /// Nanoseconds since 1970 UTC.
    public var times: [Int64] = []
    /// The values.
    public var values: ValueColumn
    /// `SampleState.bits` of each sample.
    public var states: [UInt64] = []

    /// Makes empty columns for a type.
    public init(type: ValueType) {
        values = ValueColumn(type: type)
    }

    /// Makes columns of samples; all three have the same count.
    package init(times: [Int64], values: ValueColumn, states: [UInt64]) {
        (self.times, self.values, self.states) = (times, values, states)
    }

    /// The number of samples.
    public var count: Int { times.count }

    /// Sample `index` as a value of its own; for tests and output, not for hot loops.
    public func sample(_ index: Int, type: ValueType) -> Sample {
        Sample(
            time: Timestamp(nanoseconds: times[index]), value: value(index, type: type),
            quality: SampleState(bits: states[index])?.quality)
    }

    /// The samples at some indexes, in their order.
    package func selecting(_ indices: [Int]) -> SampleColumns {
        let selected: ValueColumn
        switch values {
        case .bits(let bits): selected = .bits(indices.map { bits[$0] })
        case .text(let source):
            var text = TextColumn()
            text.ends.reserveCapacity(indices.count)
            for index in indices { text.append(source.bytes[source.range(index)]) }
            selected = .text(text)
        }
        return SampleColumns(
            times: indices.map { times[$0] }, values: selected, states: indices.map { states[$0] })
    }

    /// Adds one sample; for tests and small batches, not for hot loops.
    public mutating func append(_ sample: Sample) {
        times.append(sample.time.nanoseconds)
        states.append(SampleState(quality: sample.quality, isMissing: sample.value == nil).bits)
        switch values {
        case .bits(var bits):
            values = .bits([])  // releases the enum's reference, so that the append does not copy
            bits.append(sample.value?.bits ?? 0)
            values = .bits(bits)
        case .text(var text):
            values = .text(TextColumn())
            text.append(sample.value?.text.utf8 ?? "".utf8)
            values = .text(text)
        }
    }

    private func value(_ index: Int, type: ValueType) -> Value? {
        if SampleState(bits: states[index])?.isMissing ?? true { return nil }
        switch (values, type) {
        case (.bits(let bits), .double): return .double(Double(bitPattern: bits[index]))
        case (.bits(let bits), .int64): return .int64(Int64(bitPattern: bits[index]))
        case (.bits(let bits), _): return .bool(bits[index] != 0)
        case (.text(let text), .json): return .json(text[index])
        case (.text(let text), _): return .string(text[index])
        }
    }
}
