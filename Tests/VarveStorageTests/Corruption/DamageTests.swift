// DamageTests.swift — one wrong bit or one missing byte anywhere is reported, and never leads to a wrong answer.

import Testing
import VarveFile
import VarveModel
import VarveSegment
import VarveTestSupport

@testable import VarveStorage

@Suite struct DamageTests {
    private let store: SmallStore

    init() throws {
        store = try SmallStore()
    }

    @Test("the store has a file of every kind, and all of them together are small")
    func everyKind() throws {
        let kinds = Set(store.files.map { String($0.name.split(separator: ".").last ?? "") })
        #expect(kinds == ["manifest", "segment", "dictionary", "receipts", "messages", "sealed"])
        #expect(store.files.reduce(0) { $0 + $1.bytes.count } < 16 << 10)
        #expect(try store.isWhole())
    }

    @Test("one flipped bit in any byte is reported with file and offset, and no query answers from it")
    func flippedBits() throws {
        for (name, bytes) in store.files {
            for offset in bytes.indices {
                var damaged = bytes
                damaged[offset] ^= 1 << UInt8(offset % 8)
                try store.directory.write(damaged, name)
                let found = try store.damage(in: name)
                #expect(!found.isEmpty, "\(name) byte \(offset)")
                #expect(found.allSatisfy { (0...bytes.count).contains($0.offset) }, "\(name) byte \(offset)")
                #expect(store.answersTruly(), "\(name) byte \(offset)")
            }
            try store.directory.write(bytes, name)
        }
        #expect(try store.isWhole())
    }

    @Test("a file cut at any length is reported, and no query answers from it")
    func cuts() throws {
        for (name, bytes) in store.files {
            for length in bytes.indices {
                try store.directory.write(Array(bytes[..<length]), name)
                #expect(try !store.damage(in: name).isEmpty, "\(name) cut to \(length)")
                #expect(store.answersTruly(), "\(name) cut to \(length)")
            }
            try store.directory.write(bytes, name)
        }
        #expect(try store.isWhole())
    }

    @Test("bytes added to a file are reported, and no query answers from them")
    func additions() throws {
        for (name, bytes) in store.files {
            for extra in [[0], [0xFF], Array(repeating: 0, count: 4096), bytes] as [[UInt8]] {
                try store.directory.write(bytes + extra, name)
                #expect(try !store.damage(in: name).isEmpty, "\(name) with \(extra.count) bytes more")
                #expect(store.answersTruly(), "\(name) with \(extra.count) bytes more")
            }
            try store.directory.write(bytes, name)
        }
    }

    @Test("a missing file is reported, and no query answers without it")
    func missingFiles() throws {
        // Only the newest manifest counts, and no other file says which one was the newest.
        for (name, bytes) in store.files where !name.hasPrefix("manifests/") && name != store.files.last?.name
        {
            try store.directory.files.remove("\(store.directory.path)/\(name)")
            #expect(try !Store.verify(store.directory.path).damage.isEmpty, "\(name)")
            #expect(store.answersTruly(), "\(name)")
            try store.directory.write(bytes, name)
        }
        #expect(try store.isWhole())
    }

    @Test("a store that has written nothing but its first manifests and its WAL is checked like any other")
    func onlyWAL() throws {
        let directory = try TemporaryDirectory()
        let key = SeriesKey(product: "p", device: "d", point: "level")
        let open = try Store.open(directory.path)
        let rows = (0..<10).map { Sample(time: Timestamp(nanoseconds: $0), value: .double(Double($0))) }
        _ = try open.commit(SampleBatch(series: [SeriesRows(key, .double, rows)]))
        try open.close()
        let names = try directory.fileNames().filter { $0.hasPrefix("wal/") }
        #expect(names.count == 1)
        let report = try Store.verify(directory.path)
        #expect(report.files == 3 && report.samples == 10 && report.damage.isEmpty)
        let bytes = try directory.bytes(names[0])
        for offset in bytes.indices {
            var damaged = bytes
            damaged[offset] ^= 1 << UInt8(offset % 8)
            try directory.write(damaged, names[0])
            #expect(
                try Store.verify(directory.path).damage.contains { $0.file == names[0] }, "byte \(offset)")
            #expect(throws: (any Error).self, "byte \(offset)") {
                try Store.open(directory.path, options: .reading)
            }
        }
    }
}
