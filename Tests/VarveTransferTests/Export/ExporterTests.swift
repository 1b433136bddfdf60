// ExporterTests.swift — exported files are correct and import to the same samples.

import Synchronization
import Testing
import VarveFile
import VarveModel
import VarveTestSupport
import VarveText

@testable import VarveTransfer

@Suite struct ExporterTests {
    private static let points: [String: ValueType] = [
        "t": .double, "n": .int64, "b": .bool, "s": .string, "j": .json, "null": .string, "q\"u,o": .double,
    ]

    /// A store with values of all kinds in two products that share a device key.
    private func filledStore(seed: UInt64) throws -> FakeStore {
        var generator = SeededGenerator(seed: seed)
        let store = FakeStore()
        let texts = [
            "", "null", "NULL", "a,b", "\"", "x\r\ny", " ", "5", "nan", "ä\u{1F600}", "\u{1}\t", " a", "a\t",
        ]
        var batch = SampleBatch(series: [])
        for (point, type) in Self.points {
            for product in ["P", "R"] {
                var columns = SampleColumns(type: type)
                for index in 0..<250 {
                    let word = generator.next()
                    let value: Value? =
                        switch type {
                        case _ where index % 11 == 0: nil
                        case .double where index % 5 == 0:
                            .double([.nan, .infinity, -.infinity, -0.0][index / 5 % 4])
                        case .double where index % 2 == 0:
                            .double(Double(Int64(word % 2_000_000) - 1_000_000) / 100)
                        case .double: .double(finite(word))
                        case .int64: .int64(Int64(bitPattern: word >> (word % 64)))
                        case .bool: .bool(word % 2 == 0)
                        case .string: .string(texts[Int(word % 13)])
                        case .json:
                            .json(["{}", "[1,\"a\"]", "{\"a\":1.50}", "\"x\"", "true"][Int(word % 5)])
                        }
                    let time = Timestamp(nanoseconds: Int64(index) * 7_200_000_000_001 - 86_400_000_000_000)
                    let quality = value == nil || word % 3 == 0 ? Int32(truncatingIfNeeded: word) : nil
                    columns.append(Sample(time: time, value: value, quality: quality))
                }
                let key = SeriesKey(product: product, device: "A", point: point)
                batch.series.append(SeriesRows(key: key, type: type, columns: columns))
            }
        }
        _ = try store.commit(batch)
        return store
    }

    private func finite(_ word: UInt64) -> Double {
        let value = Double(bitPattern: word)
        return value.isFinite ? value : 1 / 3
    }

    @Test("an error names the file that was asked for, not the one that is written first")
    func namedFile() throws {
        let fixture = try TransferFixture()
        let exporter = Exporter(source: try filledStore(seed: 1), files: fixture.files)
        let path = fixture.folder + "/missing/out.csv"
        let error = #expect(throws: FileError.self) {
            try exporter.export([], in: .all, format: .csv, to: path)
        }
        #expect(error?.path == path && error?.description == "cannot open \(path): no such file or folder")
    }

    @Test(
        "an exported file imports to the same samples",
        arguments: [ExportFormat.csv, .ndjson], [1, 2] as [UInt64])
    func roundTrip(format: ExportFormat, seed: UInt64) throws {
        let store = try filledStore(seed: seed)
        let directory = FakeDirectory(devices: ["A"], points: Self.points)
        directory.withState { state in
            state.devices["R"] = ["A"]
            state.models["R"] = "M"
        }
        let fixture = try TransferFixture(directory: directory)
        let path = "\(fixture.folder)/out.\(format.rawValue)"
        let exporter = Exporter(source: store, files: fixture.files)
        let exported = try exporter.export(try store.series(), in: .all, format: format, to: path)
        #expect(exported.rows == 3500)
        #expect(exported.series == 14)
        #expect(try fixture.files.kind(path + ".partial") == nil)
        let result = try fixture.importer().importFile(path)
        #expect(result.receipt.accepted == 3500, "seed \(seed)")
        let isSame = fixture.store.content == store.content
        #expect(isSame, "seed \(seed)")
    }

    @Test("rows are ordered by device, point and time, and name the product only if a device is ambiguous")
    func order() throws {
        let fixture = try TransferFixture()
        _ = try fixture.run(
            "device,point,time,value,quality\nB,t,2,1,\nA,t,3,1.50,0\nA,t,2,,1\nA,s,2,\"a,b\",-5\n")
        let exporter = Exporter(source: fixture.store, files: fixture.files)
        let path = fixture.folder + "/out.csv"
        let range = TimeRange(
            from: Timestamp(nanoseconds: 2_000_000_000), to: Timestamp(nanoseconds: 3_000_000_001))
        _ = try exporter.export(try fixture.store.series().reversed(), in: range, format: .csv, to: path)
        let text = """
            device,point,time,value,quality
            A,s,1970-01-01T00:00:02Z,"a,b",-5
            A,t,1970-01-01T00:00:02Z,,1
            A,t,1970-01-01T00:00:03Z,1.5,0
            B,t,1970-01-01T00:00:02Z,1,

            """
        #expect(try fixture.text("out.csv") == text)
        let key = SeriesKey(product: "Q", device: "A", point: "t")
        let other = SeriesRows(key: key, type: .double, columns: SampleColumns(type: .double))
        _ = try fixture.store.commit(SampleBatch(series: [other]))
        let one = SeriesInfo(key: SeriesKey(product: "P", device: "A", point: "s"), type: .string)
        _ = try exporter.export([one], in: .all, format: .csv, to: path)
        let lines = try #require(try fixture.text("out.csv")).split(separator: "\n")
        #expect(
            lines == ["device,point,time,value,quality,product", "A,s,1970-01-01T00:00:02Z,\"a,b\",-5,P"])
    }

    @Test("a failed export leaves no new file and keeps an existing one")
    func failure() throws {
        let fixture = try TransferFixture()
        let exporter = Exporter(source: BrokenSource(), files: fixture.files)
        _ = try fixture.write("old", "out.csv")
        let series = [SeriesInfo(key: SeriesKey(product: "P", device: "A", point: "t"), type: .double)]
        #expect(throws: FakeStore.DiskFailure.self) {
            try exporter.export(series, in: .all, format: .csv, to: fixture.folder + "/out.csv")
        }
        #expect(try fixture.files.list(fixture.folder) == ["out.csv"])
        #expect(try fixture.text("out.csv") == "old")
        #expect(throws: ExportError.self) {
            try exporter.export(series, in: .all, format: .csv, to: fixture.folder + "/out.csv.gz")
        }
        #expect(throws: FileError.self) {
            try exporter.export(series, in: .all, format: .csv, to: fixture.folder)
        }
    }

    private struct BrokenSource: SampleSource {
        func series() throws -> [SeriesInfo] { [] }

        func read(
            _: SeriesKey, in _: TimeRange, order _: TimeOrder, _: (SampleColumns) throws -> Bool
        ) throws {
            throw FakeStore.DiskFailure()
        }
    }

    @Test(
        "a form of times reads back, or is refused before a file appears",
        arguments: [ExportFormat.csv, .ndjson])
    func timeForms(format: ExportFormat) throws {
        let fixture = try TransferFixture(directory: FakeDirectory(devices: ["A"], points: Self.points))
        let key = SeriesKey(product: "P", device: "A", point: "t")
        func export(_ times: [Int64], _ form: TimeForm, _ name: String) throws -> String {
            let store = FakeStore()
            var columns = SampleColumns(type: .double)
            for time in times {
                columns.append(Sample(time: Timestamp(nanoseconds: time), value: .double(.nan), quality: nil))
            }
            _ = try store.commit(SampleBatch(series: [SeriesRows(key: key, type: .double, columns: columns)]))
            let exporter = Exporter(source: store, files: fixture.files)
            let path = "\(fixture.folder)/\(name)"
            _ = try exporter.export(try store.series(), in: .all, format: format, times: form, to: path)
            _ = try fixture.importer().importFile(path)
            return try #require(try fixture.text(name))
        }
        let times: [Int64] = [-1_000_000, 0, 1_714_521_600_500_000_000]
        let expected = ["1969-12-31T23:59:59.999", "1970-01-01T00:00:00.000", "2024-05-01T00:00:00.500"]
        let rows = try export(times, .digits(3), "digits").split(separator: "\n").suffix(3)
        for (row, time) in zip(rows, expected) {
            #expect(
                row
                    == (format == .csv
                        ? "A,t,\(time)Z,NaN,"
                        : "{\"device\":\"A\",\"point\":\"t\",\"time\":\"\(time)Z\",\"value\":\"NaN\"}"))
        }
        let epochs = try export([times[2]], .epochNanoseconds, "epochs").split(separator: "\n")
        #expect(
            epochs.last
                == (format == .csv
                    ? "A,t,1714521600500000000,NaN,"
                    : "{\"device\":\"A\",\"point\":\"t\",\"time\":1714521600500000000,\"value\":\"NaN\"}"))
        #expect(fixture.store.content.values.first?.count == 3)
        let cut = Timestamp(nanoseconds: 1_714_521_600_500_000_001)
        let failure = #expect(throws: ExportError.self) {
            _ = try export(times + [cut.nanoseconds], .digits(6), "cut")
        }
        #expect(failure == .timeCut(cut, .digits(6), key))
        #expect(try fixture.files.kind(fixture.folder + "/cut") == nil)
        #expect(try fixture.files.kind(fixture.folder + "/cut.partial") == nil)
    }
}
