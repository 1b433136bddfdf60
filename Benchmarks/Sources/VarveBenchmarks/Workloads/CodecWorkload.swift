// CodecWorkload.swift — encodes and decodes the columns of all recordings, cut as in blocks.
//
// One table is by recording and kind of column, another by the encoding that the encoder chose for a column.

import VarveFile
import VarveModel
import VarveProbe
import VarveQuery
import VarveStorage

/// Measures the codecs on the samples of the stores of SizeWorkload.
struct CodecWorkload {
    let recordings: Recordings
    let scratch: TemporaryFolder
    let runs: Int

    /// The cost of the columns of one group.
    private struct Totals {
        var values = 0
        var bytes = 0
        var encode: [Double]
        var decode: [Double]

        init(runs: Int) {
            encode = Array(repeating: 0, count: runs)
            decode = encode
        }

        func cells(_ name: [String]) -> [String] {
            let count = Double(values) / 1e6
            return name + [
                "\(values)", Figure.number(Double(bytes) * 8 / Double(max(values, 1))),
                Figure(encode.map { count / $0 }).text, Figure(decode.map { count / $0 }).text,
            ]
        }
    }

    private enum Column {
        case doubles([UInt64], series: Int)
        case integers([Int64])
        case texts(TextColumn)
    }

    /// The hint for the current series, which the writer of a segment keeps in the same way.
    private final class Memory {
        private var series = -1
        private var hint = ColumnProbe.Hint()

        func encode(_ values: UnsafeBufferPointer<UInt64>, of series: Int) -> [UInt8] {
            if series != self.series { (self.series, hint) = (series, ColumnProbe.Hint()) }
            return ColumnProbe.encode(doubles: values, hint: &hint)
        }
    }

    func run(into report: inout Report) throws {
        var byKind: [(name: [String], totals: Totals)] = []
        var byCodec: [String: Totals] = [:]
        for recording in recordings.all {
            let path = SizeWorkload.path(of: recording, in: scratch)
            let columns = try columns(of: Store.open(path, options: .reading).snapshot())
            for (kind, blocks) in columns.sorted(by: { $0.key < $1.key }) {
                var totals = Totals(runs: runs)
                let memories = (0...runs).map { _ in Memory() }
                for block in blocks { try measure(block, &totals, &byCodec, kind: kind, memories) }
                byKind.append(([recording.name, kind], totals))
            }
        }
        report.add("Codecs and their goals (standard effort, all recordings)", goals(byKind, byCodec))
        let figures = ["values", "bits/value", "encode M values/s", "decode M values/s"]
        report.add(
            "Codecs by recording (standard effort)", header: ["recording", "column"] + figures,
            byKind.map { $0.totals.cells($0.name) })
        report.add(
            "Codecs by encoding, all recordings", header: ["column", "encoding"] + figures,
            byCodec.sorted { ($1.value.values, $0.key) < ($0.value.values, $1.key) }
                .map { $0.value.cells($0.key.split(separator: ":", maxSplits: 1).map(String.init)) })
    }

    /// Decimal columns are those encoded as decimals.
    ///
    /// The others have more digits than a decimal can have.
    private func goals(
        _ byKind: [(name: [String], totals: Totals)], _ byCodec: [String: Totals]
    ) -> [Report.Line] {
        let doubles = byKind.filter { $0.name[1] == "doubles" }.map(\.totals)
        let decimals = byCodec.filter { $0.key.hasPrefix("doubles:decimal") }.map(\.value)
        let others = byCodec.filter { $0.key.hasPrefix("doubles:") && !$0.key.hasPrefix("doubles:decimal") }
            .map(\.value)
        func rate(_ totals: [Totals], _ seconds: (Totals) -> [Double]) -> Figure {
            let values = Double(totals.reduce(0) { $0 + $1.values }) / 1e6
            return Figure((0..<runs).map { run in values / totals.reduce(0) { $0 + seconds($1)[run] } })
        }
        return [
            .init("encode doubles", "M values/s", rate(doubles, \.encode), .atLeast(100)),
            .init("decode doubles", "M values/s", rate(doubles, \.decode)),
            .init("– of decimal columns", "M values/s", rate(decimals, \.decode), .atLeast(1000)),
            .init("– of all other columns", "M values/s", rate(others, \.decode), .atLeast(300)),
        ]
    }

    private func measure(
        _ column: Column, _ totals: inout Totals, _ byCodec: inout [String: Totals], kind: String,
        _ memories: [Memory]
    ) throws {
        let first = try time(column, memories[runs])
        let name = "\(kind):\(codecName(ColumnProbe.describe(first.bytes)))"
        var group = byCodec[name] ?? Totals(runs: runs)
        for run in 0..<runs {
            let cost = try time(column, memories[run])
            totals.encode[run] += cost.encode
            totals.decode[run] += cost.decode
            group.encode[run] += cost.encode
            group.decode[run] += cost.decode
        }
        totals.values += first.count
        totals.bytes += first.bytes.count
        group.values += first.count
        group.bytes += first.bytes.count
        byCodec[name] = group
    }

    /// The outer names identify the codec.
    ///
    /// The forms of the vectors inside differ from block to block.
    private func codecName(_ description: String) -> String {
        let names = description.split(separator: " > ").map(String.init)
        let isPacked = description.hasSuffix(" + LZ4")
        let outer = names.first.map { $0.hasSuffix(" + LZ4") ? String($0.dropLast(6)) : $0 } ?? "empty"
        let hasExceptions = outer.hasSuffix(" with exceptions")
        return (hasExceptions ? String(outer.dropLast(16)) : outer) + (isPacked ? " + LZ4" : "")
    }

    private func time(
        _ column: Column, _ memory: Memory
    ) throws -> (encode: Double, decode: Double, bytes: [UInt8], count: Int) {
        switch column {
        case .doubles(let values, let series):
            let encoded = values.withUnsafeBufferPointer { values in
                Stopwatch.processorTime { memory.encode(values, of: series) }
            }
            let decode = try seconds(UInt64.self, values.count) {
                try ColumnProbe.decodeDoubles(encoded.result, count: values.count, into: $0)
            }
            return (encoded.seconds, decode, encoded.result, values.count)
        case .integers(let values):
            let encoded = values.withUnsafeBufferPointer { values in
                Stopwatch.processorTime { ColumnProbe.encode(integers: values) }
            }
            let decode = try seconds(Int64.self, values.count) {
                try ColumnProbe.decodeIntegers(encoded.result, count: values.count, into: $0)
            }
            return (encoded.seconds, decode, encoded.result, values.count)
        case .texts(let texts):
            let encoded = Stopwatch.processorTime { ColumnProbe.encode(texts: texts) }
            let decode = try Stopwatch.processorTime {
                try ColumnProbe.decodeTexts(encoded.result, count: texts.count, byteLimit: texts.bytes.count)
            }
            return (encoded.seconds, decode.seconds, encoded.result, texts.count)
        }
    }

    private func seconds<Word>(
        _: Word.Type, _ count: Int, _ decode: (UnsafeMutablePointer<Word>) throws -> Void
    ) throws -> Double {
        let target = UnsafeMutablePointer<Word>.allocate(capacity: count)
        defer { target.deallocate() }
        return try Stopwatch.processorTime { try decode(target) }.seconds
    }

    /// The columns of all series by kind, each with at most the samples of a block.
    private func columns(of snapshot: StoreSnapshot) throws -> [String: [Column]] {
        var result: [String: [Column]] = [:]
        for (number, one) in snapshot.series().enumerated() {
            var series = SampleColumns(type: one.type)
            func cut(_ count: Int) {
                let states = series.states[..<count].map { Int64(bitPattern: $0) }
                result["times", default: []].append(.integers(Array(series.times[..<count])))
                result["states", default: []].append(.integers(states))
                switch series.values {
                case .bits(let bits):
                    let head = Array(bits[..<count])
                    let isDouble = one.type == .double
                    result[isDouble ? "doubles" : "integers", default: []]
                        .append(
                            isDouble
                                ? .doubles(head, series: number)
                                : .integers(head.map { Int64(bitPattern: $0) }))
                    series.values = .bits(Array(bits[count...]))
                case .text(let texts):
                    var head = TextColumn()
                    var rest = TextColumn()
                    for index in 0..<texts.count {
                        let text = texts.bytes[texts.range(index)]
                        if index < count { head.append(text) } else { rest.append(text) }
                    }
                    result["texts", default: []].append(.texts(head))
                    series.values = .text(rest)
                }
                series.times.removeFirst(count)
                series.states.removeFirst(count)
            }
            try snapshot.read(one.key, in: .all, order: .ascending) { piece in
                series.append(piece)
                while series.count >= ColumnProbe.capacity { cut(ColumnProbe.capacity) }
                return true
            }
            if series.count > 0 { cut(series.count) }
        }
        return result
    }
}

extension SampleColumns {
    /// Adds the samples of a later piece of the same series.
    fileprivate mutating func append(_ piece: SampleColumns) {
        times += piece.times
        states += piece.states
        switch (values, piece.values) {
        case (.bits(let own), .bits(let more)): values = .bits(own + more)
        case (.text(var own), .text(let more)):
            for index in 0..<more.count { own.append(more.bytes[more.range(index)]) }
            values = .text(own)
        default: break
        }
    }
}
