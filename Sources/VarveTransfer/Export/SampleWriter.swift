// SampleWriter.swift — the samples of one series as rows of CSV or lines of NDJSON.
//
// Invariants:
// - What is written here, the importer reads back to the same samples; `ExportSurvey` has looked for what it would not.

import VarveFile
import VarveModel
import VarveText

/// The forms of an exported file.
public enum ExportFormat: String, CaseIterable, Sendable {
    /// `device,point,time,value,quality`, then `product` and `type` where they are needed.
    case csv
    /// One object a line, with the same names.
    case ndjson
}

/// Writes the samples of one series.
struct SampleWriter {
    private let format: ExportFormat
    private let type: ValueType
    /// What every row begins with: up to the time.
    private let head: [UInt8]
    /// What every row ends with: after the quality.
    private let tail: [UInt8]
    private var times: TimeWriter
    private let afterTime: [UInt8]
    private var doubles = DoubleWriter()
    private var scratch: [UInt8] = []

    /// The most that a row has besides its names and a text.
    private static let rowBytes = 160

    init(
        _ series: SeriesInfo, format: ExportFormat, withProduct: Bool, withType: Bool,
        times form: TimeForm = .shortest
    ) {
        self.format = format
        times = TimeWriter(form)
        // An integer stands in JSON without quotes.
        let isQuoted = format == .ndjson && form != .epochNanoseconds
        afterTime = format == .csv ? [0x2C] : Array((isQuoted ? "\",\"value\":" : ",\"value\":").utf8)
        type = series.type
        let key = series.key
        var head: [UInt8] = []
        var tail: [UInt8] = []
        switch format {
        case .csv:
            CSVText.append(key.device, to: &head)
            head.append(0x2C)
            CSVText.append(key.point, to: &head)
            head.append(0x2C)
            if withProduct {
                tail.append(0x2C)
                CSVText.append(key.product, to: &tail)
            }
            if withType { tail.append(contentsOf: ",\(type.name)".utf8) }
            tail.append(0x0A)
        case .ndjson:
            head.append(contentsOf: "{\"device\":".utf8)
            CanonicalJSON.appendString(key.device.utf8, to: &head)
            head.append(contentsOf: ",\"point\":".utf8)
            CanonicalJSON.appendString(key.point.utf8, to: &head)
            head.append(contentsOf: (isQuoted ? ",\"time\":\"" : ",\"time\":").utf8)
            if withProduct {
                tail.append(contentsOf: ",\"product\":".utf8)
                CanonicalJSON.appendString(key.product.utf8, to: &tail)
            }
            if withType { tail.append(contentsOf: ",\"type\":\"\(type.name)\"".utf8) }
            tail.append(contentsOf: "}\n".utf8)
        }
        self.head = head
        self.tail = tail
    }

    /// The header line of a format; empty where there is none.
    static func header(_ format: ExportFormat, withProduct: Bool, withType: Bool) -> String {
        guard format == .csv else { return "" }
        let columns = (withProduct ? ",product" : "") + (withType ? ",type" : "")
        return "device,point,time,value,quality\(columns)\n"
    }

    /// Writes samples.
    mutating func write(_ columns: SampleColumns, to output: inout OutputText) throws(FileError) {
        for index in 0..<columns.count {
            try output.reserve(head.count + tail.count + Self.rowBytes)
            output.write(head)
            times.write(columns.times[index], to: &output)
            let state = SampleState(bits: columns.states[index]) ?? .plain
            output.write(afterTime)
            if state.isMissing {
                if format == .ndjson { output.write(Self.null) }
            } else {
                try writeValue(columns.values, index, to: &output)
            }
            writeQuality(state, to: &output)
            output.write(tail)
        }
    }

    private static let null = Array("null".utf8)
    private static let qualityName = Array(",\"quality\":".utf8)

    @inline(__always)
    private mutating func writeValue(
        _ values: ValueColumn, _ index: Int, to output: inout OutputText
    ) throws(FileError) {
        switch values {
        case .bits(let bits): writeNumber(bits[index], to: &output)
        case .text(let text):
            scratch.removeAll(keepingCapacity: true)
            Self.append(text.bytes[text.range(index)], of: type, format, to: &scratch)
            try output.reserve(scratch.count + tail.count + Self.rowBytes)
            output.write(scratch)
        }
    }

    private static func append(
        _ text: ArraySlice<UInt8>, of type: ValueType, _ format: ExportFormat, to bytes: inout [UInt8]
    ) {
        switch (format, type) {
        case (.csv, _): CSVText.append(text, to: &bytes)
        case (.ndjson, .json): bytes.append(contentsOf: text)
        case (.ndjson, _): CanonicalJSON.appendString(text, to: &bytes)
        }
    }

    /// Whether the row of a text may be longer than `limit` bytes without its line end, all columns counted.
    static func mayExceed(
        _ limit: Int, _ text: ArraySlice<UInt8>, of series: SeriesInfo, _ format: ExportFormat
    ) -> Bool {
        // One byte can become six (`\u0000`); names take up twice as much at most where nothing is escaped.
        if text.count < limit / 8 - 4 * SeriesKey.maximumNameBytes { return false }
        var bytes: [UInt8] = []
        append(text, of: series.type, format, to: &bytes)
        let writer = SampleWriter(series, format: format, withProduct: true, withType: true)
        return bytes.count + writer.head.count + writer.tail.count + rowBytes > limit
    }

    @inline(__always)
    private mutating func writeNumber(_ bits: UInt64, to output: inout OutputText) {
        switch type {
        case .double:
            let value = Double(bitPattern: bits)
            let isQuoted = format == .ndjson && !value.isFinite
            if isQuoted { output.write(0x22) }
            doubles.write(value, to: &output)
            if isQuoted { output.write(0x22) }
        case .int64:
            let value = Int64(bitPattern: bits)
            if value < 0 { output.write(0x2D) }
            doubles.writeInteger(value.magnitude, to: &output)
        case .bool, .string, .json:
            let word: StaticString = bits == 0 ? "false" : "true"
            output.write(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        }
    }

    @inline(__always)
    private func writeQuality(_ state: SampleState, to output: inout OutputText) {
        if format == .csv { output.write(0x2C) }
        guard let quality = state.quality else { return }
        if format == .ndjson { output.write(Self.qualityName) }
        if quality < 0 { output.write(0x2D) }
        doubles.writeInteger(UInt64(quality.magnitude), to: &output)
    }
}
