// ForeignFileTests.swift — files that are not the usual CSV: encodings, line ends, formats, superfluous delimiters.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport
import VarveText

@testable import VarveTransfer

@Suite struct ForeignFileTests {
    private static let header = "device,point,time,value\n"

    private func fixture() throws -> TransferFixture {
        let devices = ["A", "K\u{FC}che"]
        return try TransferFixture(
            directory: FakeDirectory(devices: devices, points: ["t": .double, "s": .string]))
    }

    private func run(
        _ bytes: [UInt8], _ fixture: TransferFixture, name: String = "in.csv",
        _ change: (inout ImportOptions) -> Void = { _ in }
    ) throws -> ImportResult {
        let path = fixture.folder + "/" + name
        let file = try fixture.files.open(path, .replace)
        try file.append(bytes)
        file.close()
        var options = ImportOptions()
        change(&options)
        return try fixture.importer(options).importFile(path)
    }

    private func run(
        _ text: String, _ fixture: TransferFixture, _ change: (inout ImportOptions) -> Void = { _ in }
    ) throws -> ImportResult { try run(Array(text.utf8), fixture, change) }

    @Test("line ends of all three kinds are read", arguments: ["\n", "\r\n", "\r"])
    func lineEnds(end: String) throws {
        let fixture = try fixture()
        let lines = ["device,point,time,value", "A,t,1,1.5", "\"A\",s,2,\"x\"", "", "A,t,3,4"]
        for last in ["", end] {
            let result = try run(lines.joined(separator: end) + last, fixture)
            #expect(result.receipt.rows == 3)
            #expect(result.receipt.rejected == 0)
        }
        #expect(fixture.store.samples("A", "t").count == 2)
        #expect(fixture.store.samples("A", "s").map(\.value) == [.string("x")])
    }

    /// The bytes of UTF-16 units, little-endian, after a mark.
    private static func bytes(_ units: some Sequence<UInt16>, mark: [UInt8] = []) -> [UInt8] {
        var bytes = mark
        for unit in units {
            bytes.append(UInt8(unit & 0xFF))
            bytes.append(UInt8(unit >> 8))
        }
        return bytes
    }

    @Test("UTF-16 is read in both byte orders, with and without a mark")
    func utf16() throws {
        let text = Self.header + "K\u{FC}che,s,1,20 \u{20AC} \u{1F600}\n"
        let little = Self.bytes(text.utf16)
        let big = Self.bytes(text.utf16.map(\.byteSwapped), mark: [0xFE, 0xFF])
        for bytes in [little, [0xFF, 0xFE] + little, big] {
            let fixture = try fixture()
            _ = try run(bytes, fixture) { $0.encoding = .utf16 }
            let samples = fixture.store.samples("K\u{FC}che", "s")
            #expect(samples.map(\.value) == [.string("20 \u{20AC} \u{1F600}")])
        }
        let fixture = try fixture()
        #expect(throws: DamagedInput.self) { try run([0x41, 0, 0x42], fixture) { $0.encoding = .utf16 } }
        // Half a surrogate pair is no character: its row is rejected.
        let half: [UInt16] = (Self.header + "A,s,1,x\n").utf16.map { $0 == 0x78 ? 0xD800 : $0 }
        let bytes = Self.bytes(half)
        #expect(try run(bytes, fixture) { $0.encoding = .utf16 }.receipt.rejected == 1)
    }

    @Test(
        "Latin-1 and windows-1252 differ from 0x80 to 0x9F; without the option the row or the header is refused"
    )
    func latin() throws {
        let fixture = try fixture()
        let latin = Array(Self.header.utf8) + [0x4B, 0xFC] + Array("che,s,1,".utf8) + [0x80, 0xE9, 0x0A]
        _ = try run(latin, fixture) { $0.encoding = .windows1252 }
        #expect(fixture.store.samples("K\u{FC}che", "s").map(\.value) == [.string("\u{20AC}\u{E9}")])
        _ = try run(latin, fixture) { $0.encoding = .latin1 }
        #expect(fixture.store.samples("K\u{FC}che", "s").map(\.value) == [.string("\u{80}\u{E9}")])
        #expect(try run(latin, fixture).receipt.rejected == 1)
        let error = #expect(throws: ImportError.self) { try run([0x74, 0xFC, 0x0A], fixture) }
        #expect(error?.description.contains("--encoding latin-1") == true)
    }

    @Test(
        "a file of a format that is not read is refused by the format's name",
        arguments: [
            (Array("PAR1xxxx".utf8), "Parquet"), ([0x50, 0x4B, 3, 4, 0], "xlsx"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "xz"), (Array("BZh9".utf8), "bzip2"),
            ([0xFF, 0xFE, 0x64, 0], "--encoding utf-16"), ([0x64, 0, 0x65, 0], "zero bytes"),
            (Array("# HELP up Up.\n# TYPE up gauge\nup 1\n".utf8), "Prometheus"),
            (Array("{__name__=\"up\"} 1 1714557600000\n".utf8), "Prometheus"),
            (Array("cpu,host=a load=1.5 1714557600000000000\n".utf8), "line protocol"),
            (Array("#datatype,string,long\n".utf8), "annotated CSV"),
            (Array("[{\"a\":1}]".utf8), "JSON array"), (Array("\"TOA5\",\"x\"\n".utf8), "TOA5"),
            (Array("sep=;\na;b\n".utf8), "sep="), (Array("<!DOCTYPE html><p>".utf8), "HTML"),
            (Array("SQLite format 3\0".utf8), "SQLite"),
            (Array("Datum;Zeit;Wert\n1;2;3\n".utf8), "3 columns separated by semicolons"),
            (Array("Device,Point,t,v\n".utf8), "4 columns: Device, Point, t, v"),
        ] as [([UInt8], String)])
    func named(bytes: [UInt8], expected: String) throws {
        let fixture = try fixture()
        let error = #expect(throws: ImportError.self) { try run(bytes, fixture, name: "in") }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("\n") == false)
    }

    @Test("superfluous delimiters are ignored in any place")
    func strayDelimiters() throws {
        let fixture = try fixture()
        let both = "device,point,time,value,\nA,t,1,1.5,\nA,t,2,2\nA,t,3,3,,,\n"
        #expect(try run(both, fixture).receipt.accepted == 3)
        #expect(try run(Self.header + "A,t,4,1.5,\n", fixture).receipt.accepted == 1)
        let full = try run("device,,point,time,value\nA,x,t,5,1\nA,,t,6,1\n", fixture)
        #expect(full.receipt.rejected == 1)
        #expect(full.receipt.accepted == 1)
        let passed = try run("device,,point,time,value\nA,x,t,7,1\n", fixture) { $0.ignoresColumns = true }
        #expect(passed.receipt.accepted == 1)
        let wide = try run("time,device,t,\n8,A,1,\n", fixture) { $0.isWide = true }
        #expect(wide.receipt.accepted == 1)
        #expect(wide.receipt.samples == 1)
    }

    @Test("columns of a wide file that are not points are passed over if the caller allows it")
    func wideIgnored() throws {
        let fixture = try fixture()
        let text = "time,device,t,note\n8,A,1,hello\n"
        #expect(try run(text, fixture) { $0.isWide = true }.receipt.rejected == 1)
        let passed = try run(text, fixture) {
            $0.isWide = true
            $0.ignoresColumns = true
        }
        #expect(passed.receipt.rejected == 0)
        #expect(passed.receipt.samples == 1)
        #expect(passed.passedOver == ["note"])
    }

    @Test("compact dates are dates, and decimal epochs are exact")
    func times() throws {
        let fixture = try fixture()
        let dates = try run(Self.header + "A,t,20240501120000,1\nA,t,20240502,2\n", fixture)
        #expect(dates.receipt.from?.description == "2024-05-01T12:00:00Z")
        #expect(dates.receipt.to?.description == "2024-05-02T00:00:00Z")
        let forced = try run(Self.header + "A,s,20240501,1\n", fixture) { $0.timeUnit = .seconds }
        #expect(forced.receipt.from?.description == "1970-08-23T06:21:41Z")
        let decimal = try run(Self.header + "A,s,1714557600.5,1\nA,s,1714557600.123456789,1\n", fixture)
        #expect(decimal.timeUnit == "s")
        #expect(decimal.receipt.to?.nanoseconds == 1_714_557_600_500_000_000)
        #expect(decimal.receipt.from?.nanoseconds == 1_714_557_600_123_456_789)
    }
}
