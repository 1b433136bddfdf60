// StatisticsCodec.swift — the statistics of blocks and vectors ⇄ rows of a few bytes.
//
// A row has flags and the counts that the flags announce. For numbers it also has a form, and the four values and the
// sum in that form. Byte table: SegmentFormat.md.
//
// Invariants:
// - Decoding gives back every bit; a form is used only where this holds.
// - A row depends only on the row before it and on the number of samples.

import VarveCodec

struct StatisticsCodec {
    /// Bits of the first byte of a row.
    private enum Flag {
        static let text: UInt8 = 1
        static let present: UInt8 = 2
        static let nans: UInt8 = 4
        static let infinities: UInt8 = 8
        static let good: UInt8 = 16
        static let manyQualities: UInt8 = 32
        static let all: UInt8 = 63
    }

    /// How values are written: forms 0 to 15 are decimals with so many digits behind the point.
    private enum Form {
        static let mostDigits: UInt8 = 15
        static let integer: UInt8 = 16
        static let float: UInt8 = 17
        static let bits: UInt8 = 18
        static let mask: UInt8 = 31
    }

    /// Bits in the byte of the form.
    private enum Mark {
        static let constant: UInt8 = 32
        static let plainSum: UInt8 = 64
        static let wideSum: UInt8 = 128
    }

    /// The form of the row before.
    private var form = Form.bits
    /// The last value of the row before, in units of its form.
    private var last: Int64 = 0
    /// The exponent of the last sum that had one.
    private var exponent = 0

    /// Begins a sequence of rows.
    init() {}

    // MARK: Writing

    /// Writes the row of `count` samples.
    mutating func write(_ row: BlockStatistics, count: Int, to writer: inout ByteWriter) {
        var flags: UInt8 = row.numbers == .none ? Flag.text : 0
        if row.present != count { flags |= Flag.present }
        if row.nans != 0 { flags |= Flag.nans }
        if row.positiveInfinities != 0 || row.negativeInfinities != 0 { flags |= Flag.infinities }
        if row.good != count { flags |= Flag.good }
        if !row.hasOneQuality { flags |= Flag.manyQualities }
        writer.append(flags)
        if flags & Flag.present != 0 { writer.appendVarint(UInt64(row.present)) }
        if flags & Flag.nans != 0 { writer.appendVarint(UInt64(row.nans)) }
        if flags & Flag.infinities != 0 {
            writer.appendVarint(UInt64(row.positiveInfinities))
            writer.appendVarint(UInt64(row.negativeInfinities))
        }
        if flags & Flag.good != 0 { writer.appendVarint(UInt64(row.good)) }
        guard row.numeric > 0 else { return }
        writeNumbers(row, to: &writer)
    }

    private mutating func writeNumbers(_ row: BlockStatistics, to writer: inout ByteWriter) {
        let values = [row.first, row.last, row.minimum, row.maximum]
        let isConstant = values.allSatisfy { $0 == row.first }
        let form = form(of: values, row.numbers)
        let before = form == self.form ? last : 0
        var sum = ByteWriter()
        var marks: UInt8 = isConstant ? Mark.constant : 0
        let numbers = values.map { Self.number($0, form) }
        if !row.total.wide.isEmpty {
            marks |= Mark.wideSum
            sum.appendVarint(UInt64(row.total.wide.count))
            row.total.wide.withUnsafeBytes { sum.append(bytes: $0) }
        } else {
            if !writeHigh(row, numbers, form, to: &sum) {
                marks |= Mark.plainSum
                sum.append(row.total.high)
            }
            sum.appendSigned(row.total.low)
            if row.total.low != 0 {
                sum.appendSigned(Int64(row.total.exponent - exponent))
                exponent = row.total.exponent
            }
        }
        writer.append(form | marks)
        switch form {
        case Form.bits: for value in values.prefix(isConstant ? 1 : 4) { writer.append(value) }
        case Form.float:
            for number in numbers.prefix(isConstant ? 1 : 4) {
                writer.append(UInt32(truncatingIfNeeded: number))
            }
        default:
            writer.appendSigned(numbers[0] &- before)
            if !isConstant {
                writer.appendSigned(numbers[1] &- numbers[0])
                writer.appendVarint(UInt64(bitPattern: min(numbers[0], numbers[1]) &- numbers[2]))
                writer.appendVarint(UInt64(bitPattern: numbers[3] &- max(numbers[0], numbers[1])))
            }
        }
        sum.bytes.withUnsafeBytes { writer.append(bytes: $0) }
        self.form = form
        last = numbers[1]
    }

    /// Writes the nearest double of a sum as its distance from the sum that minimum and maximum suggest.
    ///
    /// - Returns: False, with nothing written, where this takes more than 8 bytes.
    private func writeHigh(
        _ row: BlockStatistics, _ numbers: [Int64], _ form: UInt8, to writer: inout ByteWriter
    ) -> Bool {
        guard form <= Form.integer else { return false }
        let high = Double(bitPattern: row.total.high)
        let scaled = form == Form.integer ? high : high * Self.powers[Int(form)]
        guard scaled.magnitude < 0x1p62 else { return false }
        let number = Int64(scaled.rounded(.toNearestOrEven))
        let rest = Int64(bitPattern: row.total.high &- Self.bits(ofSum: number, form))
        let size = writer.count
        writer.appendSigned(number &- Self.expected(row.numeric, numbers[2], numbers[3]))
        writer.appendSigned(rest)
        if writer.count - size <= 8 { return true }
        writer.bytes.removeLast(writer.count - size)
        return false
    }

    /// The form of the row before if it fits, else the first form that fits.
    private func form(of values: [UInt64], _ numbers: BlockStatistics.Numbers) -> UInt8 {
        if numbers == .integers { return Form.integer }
        func fits(_ digits: UInt8) -> Bool {
            values.allSatisfy { bits in
                let scaled = Double(bitPattern: bits) * Self.powers[Int(digits)]
                guard scaled.magnitude <= 0x1p53 else { return false }
                return Self.bits(Int64(scaled.rounded(.toNearestOrEven)), digits) == bits
            }
        }
        if form <= Form.mostDigits, fits(form) { return form }
        if let digits = (0...Form.mostDigits).first(where: fits) { return digits }
        let isFloat = values.allSatisfy {
            Double(Float(Double(bitPattern: $0))).bitPattern == $0
        }
        return isFloat ? Form.float : Form.bits
    }

    // MARK: Reading

    /// Reads the row of `count` samples.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    mutating func read(
        _ reader: inout ByteReader, count: Int
    ) throws(CodecError) -> BlockStatistics {
        var row = BlockStatistics()
        let flags = try reader.byte()
        guard flags & ~Flag.all == 0 else { throw reader.failure("unknown flags of statistics") }
        func number(
            _ flag: UInt8, _ otherwise: Int, _ limit: Int, _ what: StaticString
        ) throws(CodecError)
            -> Int
        {
            flags & flag == 0 ? otherwise : try reader.varint(limit: limit, what)
        }
        row.present = try number(Flag.present, count, count, "samples with a value")
        row.nans = try number(Flag.nans, 0, row.present, "samples that are no number")
        row.positiveInfinities = try number(Flag.infinities, 0, row.present, "infinite samples")
        row.negativeInfinities = try number(Flag.infinities, 0, row.present, "infinite samples")
        row.good = try number(Flag.good, count, count, "good samples")
        row.hasOneQuality = flags & Flag.manyQualities == 0
        row.numbers = flags & Flag.text == 0 ? .doubles : .none
        guard row.numeric > 0 else { return row }
        try readNumbers(&row, &reader)
        return row
    }

    private mutating func readNumbers(
        _ row: inout BlockStatistics, _ reader: inout ByteReader
    ) throws(CodecError) {
        let head = try reader.byte()
        let form = head & Form.mask
        let isConstant = head & Mark.constant != 0
        guard form <= Form.bits else { throw reader.failure("an unknown form of statistics") }
        if form == Form.integer { row.numbers = .integers }
        // First, last, minimum and maximum, in units of the form.
        var numbers: (Int64, Int64, Int64, Int64)
        switch form {
        case Form.bits, Form.float:
            func next() throws(CodecError) -> Int64 {
                form == Form.bits
                    ? try reader.integer(as: Int64.self) : Int64(try reader.integer(as: UInt32.self))
            }
            numbers.0 = try next()
            numbers = (numbers.0, numbers.0, numbers.0, numbers.0)
            if !isConstant { numbers = (numbers.0, try next(), try next(), try next()) }
        default:
            numbers.0 = try reader.signed() &+ (form == self.form ? last : 0)
            numbers = (numbers.0, numbers.0, numbers.0, numbers.0)
            if !isConstant {
                numbers.1 = numbers.0 &+ (try reader.signed())
                numbers.2 = min(numbers.0, numbers.1) &- Int64(bitPattern: try reader.varint())
                numbers.3 = max(numbers.0, numbers.1) &+ Int64(bitPattern: try reader.varint())
            }
        }
        row.first = Self.bits(numbers.0, form)
        row.last = Self.bits(numbers.1, form)
        row.minimum = Self.bits(numbers.2, form)
        row.maximum = Self.bits(numbers.3, form)
        self.form = form
        last = numbers.1
        if head & Mark.wideSum != 0 {
            row.total.wide = Array(try reader.bytes(count: try reader.varint(limit: 1024, "bytes of a sum")))
            return
        }
        if head & Mark.plainSum != 0 {
            row.total.high = try reader.integer(as: UInt64.self)
        } else {
            let number = try reader.signed() &+ Self.expected(row.numeric, numbers.2, numbers.3)
            row.total.high = Self.bits(ofSum: number, form) &+ UInt64(bitPattern: try reader.signed())
        }
        row.total.low = try reader.signed()
        guard Double(bitPattern: row.total.high).isFinite else { throw reader.failure("an impossible sum") }
        guard row.total.low != 0 else { return }
        let next = Int64(exponent) &+ (try reader.signed())
        guard next >= 0, next <= Int64(ExactSum.highestExponent) else {
            throw reader.failure("an impossible sum")
        }
        exponent = Int(next)
        row.total.exponent = exponent
    }

    // MARK: Units

    private static let powers: [Double] = (0...15).map { exponent in
        (0..<exponent).reduce(1.0) { power, _ in power * 10 }
    }

    /// A value in units of a form that fits it.
    private static func number(_ bits: UInt64, _ form: UInt8) -> Int64 {
        switch form {
        case Form.float: Int64(Float(Double(bitPattern: bits)).bitPattern)
        case Form.integer, Form.bits: Int64(bitPattern: bits)
        default: Int64((Double(bitPattern: bits) * powers[Int(form)]).rounded(.toNearestOrEven))
        }
    }

    private static func bits(_ number: Int64, _ form: UInt8) -> UInt64 {
        switch form {
        case Form.float: Double(Float(bitPattern: UInt32(truncatingIfNeeded: number))).bitPattern
        case Form.integer, Form.bits: UInt64(bitPattern: number)
        default: (Double(number) / powers[Int(form)]).bitPattern
        }
    }

    /// The bit pattern of a sum in units of a form; a sum is a double in every form.
    private static func bits(ofSum number: Int64, _ form: UInt8) -> UInt64 {
        form == Form.integer ? Double(number).bitPattern : bits(number, form)
    }

    /// An estimate of the sum of `count` values between a minimum and a maximum.
    private static func expected(_ count: Int, _ minimum: Int64, _ maximum: Int64) -> Int64 {
        ((minimum &+ maximum) &* Int64(count)) >> 1
    }
}
