// SampleRowWriter.swift — writes the samples of one series as rows of text; every writer of rows uses it.
//
//     CSV     device,point,time,value,quality
//     NDJSON  {"device":…,"point":…,"time":…,"value":…,"quality":…}
//
// A missing value is an empty field, or `null` in JSON. A quality that was not given is an empty field, or no member in
// JSON. Numbers that JSON cannot write are the strings "NaN", "inf" and "-inf". Product and type come last.
//
// Invariants:
// - The importer reads the same samples back, except for the losses that `ExportLoss` of VarveTransfer names.
// - One call writes many samples, so that the work for each sample stays in this module.

public import VarveModel

/// The forms of rows.
public enum SampleRowFormat: Sendable {
    /// Lines of comma separated fields, with a header.
    case csv
    /// One JSON object per line.
    case ndjson
    /// The elements of a JSON array, one per line: each row begins with a line end, and all but the first with a comma.
    case jsonElements
}

/// The columns and the form of rows.
public struct SampleRowShape: Sendable {
    /// The format of the rows.
    var format: SampleRowFormat
    /// How times are written; the form must hold all of them.
    var times: TimeForm
    /// Whether a row names the product.
    var hasProduct: Bool
    /// Whether a row names the type.
    var hasType: Bool

    /// Describes rows.
    public init(
        _ format: SampleRowFormat, times: TimeForm = .shortest, hasProduct: Bool = false,
        hasType: Bool = false
    ) {
        self.format = format
        self.times = times
        self.hasProduct = hasProduct
        self.hasType = hasType
    }

    /// The columns of a row, in order.
    var columns: [String] {
        ["device", "point", "time", "value", "quality"] + (hasProduct ? ["product"] : [])
            + (hasType ? ["type"] : [])
    }

    /// The line before the rows; empty for JSON.
    public var header: String { format == .csv ? columns.joined(separator: ",") + "\n" : "" }

    /// Whether a time is in quotes: in JSON, unless it is an integer.
    fileprivate var quotesTimes: Bool { format != .csv && times != .epochNanoseconds }
}

/// Writes the samples of one series.
public struct SampleRowWriter {
    private let isCSV: Bool
    private let type: ValueType
    /// The beginning of every row, up to the time.
    private let head: [UInt8]
    /// The end of every row, after the quality.
    private let tail: [UInt8]
    private let afterTime: [UInt8]
    private var times: TimeWriter
    private var doubles = DoubleWriter()
    private var scratch: [UInt8] = []
    /// Whether the next row is the first of an array.
    private var isFirst: Bool

    /// The most bytes of a row without its names and a text.
    private static let rowBytes = 160

    /// Makes a writer.
    ///
    /// - Parameters:
    ///   - device: The device as rows name it.
    ///   - isFirst: Whether no row was written before; only `jsonElements` uses it.
    public init(
        product: String = "", device: String, point: String, type: ValueType, shape: SampleRowShape,
        isFirst: Bool = true
    ) {
        isCSV = shape.format == .csv
        times = TimeWriter(shape.times)
        self.type = type
        self.isFirst = isFirst && shape.format == .jsonElements
        var head: [UInt8] = []
        var tail: [UInt8] = []
        if isCSV {
            afterTime = [0x2C]
            CSVText.append(device, to: &head)
            head.append(0x2C)
            CSVText.append(point, to: &head)
            head.append(0x2C)
            if shape.hasProduct {
                tail.append(0x2C)
                CSVText.append(product, to: &tail)
            }
            if shape.hasType { tail.append(contentsOf: ",\(type.name)".utf8) }
            tail.append(0x0A)
        } else {
            afterTime = Array((shape.quotesTimes ? "\",\"value\":" : ",\"value\":").utf8)
            if shape.format == .jsonElements { head.append(contentsOf: [0x2C, 0x0A]) }
            Self.appendMember("{\"device\":", device, to: &head)
            Self.appendMember(",\"point\":", point, to: &head)
            head.append(contentsOf: (shape.quotesTimes ? ",\"time\":\"" : ",\"time\":").utf8)
            if shape.hasProduct { Self.appendMember(",\"product\":", product, to: &tail) }
            if shape.hasType { tail.append(contentsOf: ",\"type\":\"\(type.name)\"".utf8) }
            tail.append(0x7D)
            if shape.format == .ndjson { tail.append(0x0A) }
        }
        self.head = head
        self.tail = tail
    }

    /// Appends rows until all are written or the buffer is full.
    ///
    /// - Parameter range: The samples of `columns` to write.
    /// - Returns: The index of the first sample not written; the end of `range` if all were written.
    public mutating func append(
        _ columns: SampleColumns, _ range: Range<Int>, to output: inout TextBuffer
    ) -> Int {
        var index = range.lowerBound
        switch columns.values {
        case .bits(let bits):
            while index < range.upperBound, !output.isFull {
                let state = begin(columns, index, &output)
                if state.isMissing {
                    if !isCSV { output.write(Self.null) }
                } else {
                    writeNumber(bits[index], to: &output)
                }
                end(state, &output)
                index += 1
            }
        case .text(let texts):
            while index < range.upperBound, !output.isFull {
                let state = begin(columns, index, &output)
                if state.isMissing {
                    if !isCSV { output.write(Self.null) }
                } else {
                    writeText(texts, index, to: &output)
                }
                end(state, &output)
                index += 1
            }
        }
        return index
    }

    /// Whether the row of a text, with all columns and without its line end, may be longer than `limit` bytes.
    public static func mayExceed(
        _ limit: Int, _ text: ArraySlice<UInt8>, of series: SeriesInfo, _ format: SampleRowFormat
    ) -> Bool {
        // One byte can become six (`\u0000`); names take at most twice their size if nothing is escaped.
        if text.count < limit / 8 - 4 * SeriesKey.maximumNameBytes { return false }
        var writer = SampleRowWriter(
            product: series.key.product, device: series.key.device, point: series.key.point,
            type: series.type, shape: SampleRowShape(format, hasProduct: true, hasType: true))
        text.withUnsafeBufferPointer { writer.prepare($0) }
        return writer.scratch.count + writer.head.count + writer.tail.count + rowBytes > limit
    }

    private static let null = Array("null".utf8)
    private static let qualityName = Array(",\"quality\":".utf8)

    private static func appendMember(_ beginning: String, _ text: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: beginning.utf8)
        JSONString.append(text, to: &bytes)
    }

    /// Writes a row up to its value.
    @inline(__always)
    private mutating func begin(
        _ columns: SampleColumns, _ index: Int, _ output: inout TextBuffer
    ) -> SampleState {
        output.reserve(head.count &+ tail.count &+ Self.rowBytes)
        if isFirst {
            output.write(Array(head.dropFirst()))
            isFirst = false
        } else {
            output.write(head)
        }
        times.write(columns.times[index], to: &output)
        output.write(afterTime)
        return SampleState(bits: columns.states[index]) ?? .plain
    }

    /// Writes a row from its quality on.
    @inline(__always)
    private func end(_ state: SampleState, _ output: inout TextBuffer) {
        if isCSV { output.write(0x2C) }
        if let quality = state.quality {
            if !isCSV { output.write(Self.qualityName) }
            if quality < 0 { output.write(0x2D) }
            DoubleWriter.writeInteger(UInt64(quality.magnitude), to: &output)
        }
        output.write(tail)
    }

    @inline(__always)
    private mutating func writeNumber(_ bits: UInt64, to output: inout TextBuffer) {
        switch type {
        case .double:
            let value = Double(bitPattern: bits)
            let isQuoted = !isCSV && !value.isFinite
            if isQuoted { output.write(0x22) }
            doubles.write(value, to: &output)
            if isQuoted { output.write(0x22) }
        case .int64:
            let value = Int64(bitPattern: bits)
            if value < 0 { output.write(0x2D) }
            DoubleWriter.writeInteger(value.magnitude, to: &output)
        case .bool, .string, .json:
            let word: StaticString = bits == 0 ? "false" : "true"
            output.write(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        }
    }

    private mutating func writeText(_ texts: TextColumn, _ index: Int, to output: inout TextBuffer) {
        texts.bytes[texts.range(index)].withUnsafeBufferPointer { prepare($0) }
        output.reserve(scratch.count + tail.count + Self.rowBytes)
        output.write(scratch)
    }

    /// Writes the field of a text into `scratch`; in JSON rows, canonical JSON is copied as it is.
    private mutating func prepare(_ text: UnsafeBufferPointer<UInt8>) {
        scratch.removeAll(keepingCapacity: true)
        if isCSV {
            CSVText.append(text, to: &scratch)
        } else if type == .json {
            scratch.append(contentsOf: text)
        } else {
            JSONString.append(text, to: &scratch)
        }
    }
}
