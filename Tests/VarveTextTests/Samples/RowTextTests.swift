// RowTextTests.swift — the fast writers of rows give the same texts as the simple ones.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveText

@Suite struct RowTextTests {
    /// The text that the body writes into a buffer.
    private func text(_ body: (inout TextBuffer) -> Void) -> String {
        var output = TextBuffer(pieceBytes: 1 << 10)
        body(&output)
        return output.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test("doubles have the digits of the standard library", arguments: [1, 2, 3] as [UInt64])
    func doubles(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var values: [Double] = [
            0, -0.0, 0.1, -0.1, 0.001, 0.0009, 1e-5, 123.456, 999_999.999999, 1e15, 1e15 - 1,
            999_999_999_999_999.9, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.3, 0.1 + 0.2, 1e22,
            1.0000001, 4503599627370496.5, 12_345_678.901234, 99_999_999.9999999, .nan, .infinity, -.infinity,
        ]
        for _ in 0..<20_000 {
            let word = generator.next()
            let places = Int.random(in: 0...14, using: &generator)
            let whole = Double(Int64(truncatingIfNeeded: word >> (word % 50 + 14)))
            values.append((0..<places).reduce(whole) { value, _ in value / 10 })
            values.append(whole / (0..<places).reduce(1) { power, _ in power * 10 })
            values.append(-(whole / 1000))
            values.append((Double(word % 100_000) / 100).nextUp)
            values.append(Double(bitPattern: word))
        }
        var writer = DoubleWriter()
        var appender = DoubleWriter()
        for value in values {
            var expected: [UInt8] = []
            DoubleWriter.appendOther(value, to: &expected)
            let written = text { output in
                output.reserve(DoubleWriter.maximumBytes)
                writer.write(value, to: &output)
            }
            var appended: [UInt8] = []
            appender.append(value, to: &appended)
            #expect(written == String(decoding: expected, as: UTF8.self), "seed \(seed)")
            #expect(appended == expected, "seed \(seed)")
        }
    }

    @Test("integers read as decimal")
    func integers() {
        for value in [UInt64.min, 1, 9, 10, 99, 100, 1_000_000, 999_999_999_999_999_999, .max / 2 + 1, .max] {
            let written = text { output in
                output.reserve(DoubleWriter.maximumBytes)
                DoubleWriter.writeInteger(value, to: &output)
            }
            #expect(written == String(value))
        }
    }

    @Test(
        "times are written as TimeForm writes them", arguments: [1, 2] as [UInt64],
        [TimeForm.shortest, .digits(9), .digits(6), .digits(3), .digits(0), .epochNanoseconds])
    func times(seed: UInt64, form: TimeForm) throws {
        var generator = SeededGenerator(seed: seed)
        var writer = TimeWriter(form)
        var time: Int64 = .min
        for index in 0..<5000 {
            if index % 7 == 0 {
                time = [.min, .max, 0, -1, Int64(bitPattern: generator.next())][index / 7 % 5]
            }
            time &+=
                Int64.random(in: 0..<50_000_000_000_000, using: &generator) / [1, 1000, 1_000_000][index % 3]
            if form.firstCut([time]) != nil { time = time / 1_000_000_000 * 1_000_000_000 }
            let written = text { output in
                output.reserve(TimeWriter.maximumBytes)
                writer.write(time, to: &output)
            }
            var expected: [UInt8] = []
            form.append(Timestamp(nanoseconds: time), to: &expected)
            #expect(written == String(decoding: expected, as: UTF8.self), "seed \(seed)")
        }
    }

    @Test("a buffer that is full stops a writer between two rows, and a long text makes room")
    func pieces() {
        var columns = SampleColumns(type: .string)
        let long = String(repeating: "x", count: 5000)
        for index in 0..<9 {
            let text = index == 4 ? long : "t\(index)"
            columns.append(Sample(time: Timestamp(nanoseconds: 0), value: .string(text), quality: nil))
        }
        var writer = SampleRowWriter(device: "d", point: "p", type: .string, shape: SampleRowShape(.csv))
        var output = TextBuffer(pieceBytes: 64)
        var whole = ""
        var next = 0
        while next < columns.count {
            next = writer.append(columns, next..<columns.count, to: &output)
            #expect(output.isFull || next == columns.count)
            whole += output.withBytes { String(decoding: $0, as: UTF8.self) }
            output.removeAll()
        }
        let lines = (0..<9).map { "d,p,1970-01-01T00:00:00Z,\($0 == 4 ? long : "t\($0)"),\n" }
        #expect(whole == lines.joined())
    }

    @Test("product and type come last, and only on request")
    func shape() {
        var columns = SampleColumns(type: .int64)
        columns.append(Sample(time: Timestamp(nanoseconds: 0), value: .int64(.min), quality: -3))
        func rows(_ shape: SampleRowShape) -> String {
            var writer = SampleRowWriter(
                product: "P", device: " d", point: "null", type: .int64, shape: shape)
            return text { _ = writer.append(columns, 0..<1, to: &$0) }
        }
        let full = SampleRowShape(.csv, hasProduct: true, hasType: true)
        #expect(full.header == "device,point,time,value,quality,product,type\n")
        #expect(rows(full) == "\" d\",\"null\",1970-01-01T00:00:00Z,-9223372036854775808,-3,P,int64\n")
        let json = SampleRowShape(.ndjson, times: .epochNanoseconds, hasProduct: true, hasType: true)
        #expect(json.header.isEmpty)
        #expect(
            rows(json)
                == "{\"device\":\" d\",\"point\":\"null\",\"time\":0,\"value\":-9223372036854775808,"
                + "\"quality\":-3,\"product\":\"P\",\"type\":\"int64\"}\n")
    }
}
