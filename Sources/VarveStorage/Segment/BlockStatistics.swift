// BlockStatistics.swift — what a block says of its values without being decoded.
//
// Invariants:
// - `minimum` … `last` speak of numeric samples: present, not text, not NaN. With none of them all four are 0.
// - `sum` is exact (see ExactSum), so it does not depend on how samples are spread over blocks.

package import VarveCodec
package import VarveModel

package struct BlockStatistics: Hashable, Sendable {
    /// Samples that have a value.
    package var present = 0
    /// Samples whose value is a number and not NaN.
    package var numeric = 0
    /// Samples whose quality is 0 or absent.
    package var good = 0
    /// Bit patterns in the series' type.
    package var minimum: UInt64 = 0
    package var maximum: UInt64 = 0
    package var first: UInt64 = 0
    package var last: UInt64 = 0
    /// The serialised exact sum of the numeric samples; empty where there are none.
    package var sum: [UInt8] = []

    package init() {}

    /// Looks at samples `range` of a run.
    package init(_ run: SampleRun, _ range: Range<Int>, type: ValueType) {
        let missing = SampleState(isMissing: true).bits
        for index in range {
            let state = run.states[index]
            if state & missing == 0 { present += 1 }
            if state & 0xFFFF_FFFF == 0 { good += 1 }
        }
        guard case .bits(let bits) = run.values else { return }
        let values =
            present == range.count
            ? Array(bits[range])
            : range.lazy
                .filter { run.states[$0] & missing == 0 }.map { bits[$0] }
        if type == .double {
            addDoubles(values)
        } else {
            addIntegers(values)
        }
    }

    private mutating func addDoubles(_ values: [UInt64]) {
        var numbers = values
        numbers.removeAll { Double(bitPattern: $0).isNaN }
        guard let head = numbers.first, let tail = numbers.last else { return }
        numeric = numbers.count
        first = head
        last = tail
        var low = Double(bitPattern: head)
        var high = low
        for bits in numbers {
            let value = Double(bitPattern: bits)
            // −0 is below 0 although they compare equal.
            if value < low || (value == low && value.sign == .minus) { low = value }
            if value > high || (value == high && value.sign == .plus) { high = value }
        }
        minimum = low.bitPattern
        maximum = high.bitPattern
        var exact = ExactSum()
        numbers.withUnsafeBufferPointer { _ = exact.add(doubleBits: $0) }
        exact.append(to: &sum)
    }

    private mutating func addIntegers(_ values: [UInt64]) {
        guard let head = values.first, let tail = values.last else { return }
        numeric = values.count
        first = head
        last = tail
        var low = Int64(bitPattern: head)
        var high = low
        for bits in values {
            low = min(low, Int64(bitPattern: bits))
            high = max(high, Int64(bitPattern: bits))
        }
        minimum = UInt64(bitPattern: low)
        maximum = UInt64(bitPattern: high)
        var exact = ExactSum()
        values.withUnsafeBufferPointer { exact.add(integerBits: $0) }
        exact.append(to: &sum)
    }

    package func write(to writer: inout ByteWriter) {
        writer.appendVarint(UInt64(present))
        writer.appendVarint(UInt64(numeric))
        writer.appendVarint(UInt64(good))
        guard numeric > 0 else { return }
        writer.append(minimum)
        writer.append(maximum)
        writer.append(first)
        writer.append(last)
        writer.appendVarint(UInt64(sum.count))
        sum.withUnsafeBytes { writer.append(bytes: $0) }
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        present = try reader.varint(limit: Limits.blockSamples, "samples with a value")
        numeric = try reader.varint(limit: Limits.blockSamples, "numeric samples")
        good = try reader.varint(limit: Limits.blockSamples, "good samples")
        guard numeric > 0 else { return }
        minimum = try reader.integer(as: UInt64.self)
        maximum = try reader.integer(as: UInt64.self)
        first = try reader.integer(as: UInt64.self)
        last = try reader.integer(as: UInt64.self)
        let length = try reader.varint(limit: 1024, "bytes of a sum")
        sum = Array(try reader.bytes(count: length))
    }
}
