// SeriesNamesTests.swift — the names of series against a plain dictionary, and against damaged files.

import Testing
import VarveCodec
import VarveModel
import VarveTestSupport

@testable import VarveStorage

@Suite struct SeriesNamesTests {
    private static func infos(_ count: Int, seed: UInt64) -> [SeriesInfo] {
        var random = SeededGenerator(seed: seed)
        var known = Set<SeriesKey>()
        var infos: [SeriesInfo] = []
        while infos.count < count {
            let device = ["d", "Gerät ", "日本", "e\u{301}", "\u{e9}", String(repeating: "x", count: 300)]
            let key = SeriesKey(
                product: ["p", "q/r", ""][Int.random(in: 0..<3, using: &random)],
                device:
                    "\(device[Int.random(in: 0..<6, using: &random)])\(UInt8.random(in: 0..<9, using: &random))",
                point: "\(UInt32.random(in: 0..<40, using: &random))")
            guard known.insert(key).inserted else { continue }
            infos.append(
                SeriesInfo(key: key, type: ValueType.allCases[Int.random(in: 0..<5, using: &random)]))
        }
        return infos
    }

    private static func payload(_ names: SeriesNames, from first: Int = 0) -> [UInt8] {
        var writer = ByteWriter()
        names.write(from: first, to: &writer)
        return writer.bytes
    }

    private static func read(_ bytes: [UInt8], first: Int, count: Int, into names: inout SeriesNames) throws {
        try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            try names.read(&reader, first: first, count: count)
            try reader.finish()
        }
    }

    @Test("names are found by their bytes, as added and as read back", arguments: 1...4)
    func find(seed: UInt64) throws {
        let infos = Self.infos(700, seed: seed)
        var names = SeriesNames()
        for (id, info) in infos.enumerated() {
            #expect(names.find(info.key) == nil)
            names.append(info)
            #expect(names.find(info.key) == id)
        }
        var again = SeriesNames()
        try Self.read(Self.payload(names), first: 0, count: 700, into: &again)
        try Self.read(Self.payload(names, from: 650), first: 650, count: 50, into: &again)
        #expect(again.count == 700)
        for (id, info) in infos.enumerated() {
            #expect(again.info(id) == info && again.type(id) == info.type)
            #expect(again.find(info.key) == id && again.isNamed(id, info.key))
        }
        #expect(again.find(SeriesKey(product: "p", device: "nowhere", point: "1")) == nil)
        again.removeAll(from: 300)
        #expect(again.find(infos[299].key) == 299 && again.find(infos[300].key) == nil)
        again.append(infos[400])
        #expect(again.find(infos[400].key) == 300)
    }

    @Test("the series of devices are those with just these bytes as device")
    func devices() {
        let infos = Self.infos(700, seed: 8)
        var names = SeriesNames()
        for info in infos { names.append(info) }
        for wanted in [["d1"], ["\u{e9}3", "日本0"], ["nowhere"], []] as [Set<Name>] {
            let expected = infos.indices.filter { id in
                id < 600 && wanted.contains { $0.text.sameBytes(as: infos[id].key.device) }
            }
            #expect(names.ids(ofDevices: wanted, below: 600) == expected)
        }
    }

    @Test("a series with another name than before, a gap or invalid text is refused")
    func refusals() throws {
        var names = SeriesNames()
        for info in Self.infos(20, seed: 3) { names.append(info) }
        let bytes = Self.payload(names)
        var other = SeriesNames()
        #expect(throws: CodecError.self) { try Self.read(bytes, first: 1, count: 20, into: &other) }
        try Self.read(bytes, first: 0, count: 20, into: &other)
        #expect(throws: CodecError.self) {
            try Self.read(Self.payload(names, from: 1), first: 0, count: 19, into: &other)
        }
        for bad: [UInt8] in [
            [9, 0, 0, 0], [1, 1, 0xFF, 0, 0], [1, 0x80, 0, 0, 0], [1, 2, 65], [1, 0xFF, 0x7F],
        ] {
            var empty = SeriesNames()
            #expect(throws: CodecError.self) { try Self.read(bad, first: 0, count: 1, into: &empty) }
        }
    }

    @Test("any damage to the bytes is an error or other names, never a trap")
    func damage() {
        var names = SeriesNames()
        for info in Self.infos(6, seed: 5) { names.append(info) }
        let bytes = Self.payload(names)
        for offset in bytes.indices {
            for bit in UInt8(0)..<8 {
                var damaged = bytes
                damaged[offset] ^= 1 << bit
                var read = SeriesNames()
                guard (try? Self.read(damaged, first: 0, count: 6, into: &read)) != nil else { continue }
                for id in 0..<6 { #expect(read.find(read.info(id).key) != nil) }
            }
            var read = SeriesNames()
            #expect(throws: CodecError.self) {
                try Self.read(Array(bytes[..<offset]), first: 0, count: 6, into: &read)
            }
        }
    }
}
