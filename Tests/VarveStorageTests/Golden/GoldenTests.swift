// GoldenTests.swift — the folders of Fixtures read as they were written, and the same samples still make the same
// bytes.
//
// The first test must pass for as long as a version is read. Equal bytes are required only where the current code still
// writes the same: an encoder may change its choices, a decoder may not.

import Glibc
import Testing
import VarveCodec
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct GoldenTests {
    private static let files = POSIXFileSystem()

    /// A folder of the fixtures.
    struct Golden: Sendable, CustomTestStringConvertible {
        let name: String
        let newestCommit: UInt64
        /// Rows of messages, flushed or not.
        let messages: [Range<Int>]
        var hasDeletion = false
        /// Whether retention took the beginning of two series, and a sample came after that.
        var hasExpiry = false
        /// Whether the points of two series have another type now.
        var hasRetyping = false

        /// The type of a series.
        func type(_ index: Int) -> ValueType {
            let changed = GoldenStore.retyped.first { $0.point == GoldenStore.keys[index].point }?.type
            return hasRetyping ? changed ?? GoldenStore.types[index] : GoldenStore.types[index]
        }

        /// What a series shows.
        func expected(_ index: Int) -> [Sample] {
            let samples = unchanged(index).compactMap { $0.converted(to: type(index)) }
            return hasRetyping && index == 5 ? samples + [GoldenStore.text] : samples
        }

        private func unchanged(_ index: Int) -> [Sample] {
            let all = GoldenStore.expected[index]
            if hasDeletion, index == 1 { return all.filter { !GoldenStore.deleted.contains($0.time) } }
            guard hasExpiry else { return all }
            switch index {
            case 2, 4: return all.filter { $0.time >= GoldenStore.expiry }
            case 5: return all + [GoldenStore.sample(.double, 999)]
            default: return all
            }
        }

        var directory: StoreFolder { StoreFolder(GoldenStore.folder() + "/" + name, on: POSIXFileSystem()) }
        var testDescription: String { name }

        func names(_ folder: String, _ ending: String) throws -> [String] {
            // A folder without files is not in the repository.
            guard try GoldenTests.files.kind(directory.absolute(folder)) != nil else { return [] }
            return try GoldenTests.files.list(directory.absolute(folder)).filter { $0.hasSuffix(ending) }
                .map { "\(folder)/\($0)" }
        }

        func bytes(_ name: String) throws -> [UInt8] {
            try GoldenTests.files.readAll(directory.absolute(name))
        }

        func only(_ folder: String, _ ending: String) throws -> String {
            let found = try names(folder, ending)
            #expect(found.count == 1, "\(folder) \(ending)")
            return try #require(found.first)
        }
    }

    private static let v1 = Golden(name: "v1", newestCommit: 4, messages: [200..<250])
    private static let v2 = Golden(
        name: "v2", newestCommit: 5, messages: [200..<225, 225..<250])

    private static let v3 = Golden(
        name: "v3", newestCommit: 6, messages: [200..<225, 225..<250], hasDeletion: true)

    private static let v4 = Golden(
        name: "v4", newestCommit: 8, messages: [200..<225, 225..<250], hasDeletion: true, hasExpiry: true)

    private static let v5 = Golden(
        name: "v5", newestCommit: 11, messages: [200..<225, 225..<250], hasDeletion: true, hasExpiry: true,
        hasRetyping: true)

    /// Creates the folder again; see its README.
    ///
    /// Never to be run for a version that was released.
    @Test("make the fixtures", .enabled(if: getenv("VARVE_MAKE_FIXTURES") != nil))
    func make() throws {
        for (index, golden) in [Self.v1, Self.v2, Self.v3, Self.v4, Self.v5].enumerated() {
            // An existing folder is never made again.
            guard try Self.files.kind(golden.directory.path) == nil else { continue }
            try GoldenStore.make(golden.directory.path, version: index + 1)
            try Self.files.remove(golden.directory.lock)
        }
    }

    @Test(
        "the data directory gives exactly its samples, to a reader and to a writer",
        arguments: [v1, v2, v3, v4, v5])
    func decodes(golden: Golden) throws {
        let copy = try TemporaryDirectory()
        for folder in ["segments", "manifests", "wal"] {
            try Self.files.createDirectory("\(copy.path)/\(folder)")
            for name in try golden.names(folder, "") { try copy.write(try golden.bytes(name), name) }
        }
        #expect(try Store.verify(copy.path, deep: true).damage == [])
        for options in [StoreOptions.reading, StoreOptions()] {
            let store = try Store.open(copy.path, options: options)
            let snapshot = store.snapshot()
            #expect(snapshot.commit == golden.newestCommit)
            #expect(Set(snapshot.series().map(\.key)) == Set(GoldenStore.keys))
            #expect(snapshot.series().count == GoldenStore.keys.count)
            for (index, key) in GoldenStore.keys.enumerated() {
                let samples = try snapshot.samples(key, golden.type(index))
                #expect(samples == golden.expected(index), "\(key.point)")
            }
            #expect(store.imports().map(\.batches) == [2])
            try store.close()
        }
        let store = try Store.open(copy.path)
        for rows in golden.messages {
            let again = try store.commit(SampleBatch(series: GoldenStore.rows(rows)))
            #expect(again.isReplay && again.receipt.replayed == UInt64(rows.count * 5))
        }
        try store.flush()
        #expect(try store.commit(SampleBatch(series: GoldenStore.rows(golden.messages[0]))).isReplay)
        try store.close()
    }

    /// A piece of a segment as stored, and as it is made from what it decodes to.
    private struct Piece {
        var what: String
        var stored: [UInt8]
        var made: [UInt8]
    }

    /// The pieces of a segment.
    private static func segmentPieces(
        _ golden: Golden, changing change: (SampleRun) -> SampleRun = { $0 }
    ) throws -> [Piece] {
        let name = try golden.only("segments", ".segment")
        let id = try #require(FileID(hex: name.dropFirst(9).prefix(32)))
        let reader = try SegmentReader(alone: name, id: id, golden.directory)
        let all = try golden.bytes(name)
        func stored(_ extent: Extent) -> [UInt8] { Array(all[extent.offset..<extent.offset + extent.count]) }
        var pieces: [Piece] = []
        for (index, page) in try reader.top().index.pages.enumerated() {
            let entries = try reader.page(index).entries
            var raw = stored(page.extent)
            if page.rawCount != raw.count {
                let packed = raw
                raw = [UInt8](repeating: 0, count: page.rawCount)
                try raw.withUnsafeMutableBytes { target in
                    try packed.withUnsafeBytes { try LZ4.decompress($0, into: target) }
                }
            }
            let vectors = entries.compactMap(\.vectors).first?.extent
            pieces.append(
                Piece(
                    what: "page", stored: raw,
                    made: PageEncoder.encode(entries, vectors: vectors, effort: .standard)))
            pieces += try blockPieces(entries, reader, stored, change)
        }
        return pieces
    }

    private static func blockPieces(
        _ entries: [BlockEntry], _ reader: SegmentReader, _ stored: (Extent) -> [UInt8],
        _ change: (SampleRun) -> SampleRun
    ) throws -> [Piece] {
        var pieces: [Piece] = []
        for (block, entries) in Dictionary(grouping: entries, by: \.block) {
            let entry = try #require(entries.first)
            let type = GoldenStore.types[Int(entry.series)]
            var builder = SampleRunBuilder(type: type)
            for entry in entries {
                let run = change(try reader.read(entry, type: type))
                builder.append(run, 0..<run.count)
            }
            let run = builder.finish()
            let range = 0..<run.count
            let times = BlockCodec.encodeTimes(run, range, effort: .standard)
            let made = SegmentBlock.encode(
                times: entry.times == nil ? times : [],
                block: BlockCodec.encodeBlock(run, range, type: type, effort: .standard),
                shared: entries.count > 1 ? run.count : nil)
            pieces.append(Piece(what: "block", stored: stored(block), made: made))
            if let extent = entry.times {
                pieces.append(Piece(what: "times", stored: stored(extent), made: times))
            }
            if let place = entry.vectors {
                var table = ByteWriter()
                VectorIndex.write(try reader.vectors(of: entry), of: entry, to: &table, effort: .standard)
                let bytes = Array(stored(place.extent)[place.bytes])
                pieces.append(Piece(what: "vectors", stored: bytes, made: table.bytes))
            }
        }
        return pieces
    }

    @Test(
        "the samples of the segment make the same blocks, time columns, vector indexes and index pages",
        arguments: [v1, v2])
    func segment(golden: Golden) throws {
        let pieces = try Self.segmentPieces(golden)
        let counts = Dictionary(grouping: pieces, by: \.what).mapValues(\.count)
        #expect(counts == ["page": 1, "block": 7, "times": 2, "vectors": 2])
        for piece in pieces { #expect(piece.stored == piece.made, "\(piece.what)") }
    }

    @Test("the comparison can fail: one bit of one value is seen")
    func canFail() throws {
        let pieces = try Self.segmentPieces(Self.v2) { run in
            guard case .bits(var bits) = run.values, run.states.first == 0, run.count == 225 else {
                return run
            }
            bits[100] ^= 1
            return SampleRun(
                times: run.times, values: .bits(bits), states: run.states, commits: run.commits)
        }
        #expect(pieces.filter { $0.stored != $0.made }.count == 3)
        #expect(try Self.walRebuilt(firstRecord: 2) != Self.v2.bytes(Self.v2.only("wal", ".sealed")))
    }

    @Test("manifests are made from what they decode to, byte by byte")
    func manifests() throws {
        let name = try #require(Self.v4.names("manifests", ".manifest").last)
        let number = try #require(StoreFolder.manifestNumber(String(name.dropFirst(10))))
        let manifest = try ManifestLog.read(number, Self.v4.directory).manifest
        #expect(manifest.tombstones.count == 1 && manifest.expiries.count == 1)
        #expect(manifest.segments.map(\.olderVersions) == [2] && manifest.commitTimes.entries.count == 1)
        #expect(
            try SealedFile.encode(.manifest, version: manifest.version, payload: manifest.encode())
                == Self.v4.bytes(name))
    }

    @Test("a manifest with replaced series is made from what it decodes to, byte by byte")
    func replacements() throws {
        let name = try #require(Self.v5.names("manifests", ".manifest").last)
        let number = try #require(StoreFolder.manifestNumber(String(name.dropFirst(10))))
        let manifest = try ManifestLog.read(number, Self.v5.directory).manifest
        #expect(
            manifest.replacements.map(\.old) == [[5], [7]] && manifest.replacements.map(\.first) == [8, 9])
        #expect(manifest.replacements.map(\.commit) == [9, 10] && manifest.version == 5)
        let made = SealedFile.encode(.manifest, version: 5, payload: manifest.encode())
        #expect(try made == Self.v5.bytes(name))
    }

    @Test("dictionary and receipts are made from what they decode to, byte by byte", arguments: [v1, v2])
    func sealedFiles(golden: Golden) throws {
        var name = try golden.only("segments", ".dictionary")
        let payload = try SealedFile.read(golden.directory, name, .dictionary).payload
        let (first, entries) = try SealedFile.parse(payload, name) { try DictionaryFile.read(&$0) }
        var writer = ByteWriter()
        DictionaryFile.write(first: first, entries, to: &writer)
        #expect(try SealedFile.encode(.dictionary, payload: writer.bytes) == golden.bytes(name))
        name = try golden.only("segments", ".receipts")
        let receipts = try SealedFile.read(golden.directory, name, .receipts).payload
        let records = try SealedFile.parse(receipts, name) { try ReceiptsFile.decode(&$0) }
        #expect(
            try SealedFile.encode(.receipts, payload: ReceiptsFile.encode(records)) == golden.bytes(name))
    }

    @Test("the messages file is made from its entries, byte by byte")
    func messages() throws {
        let name = try Self.v2.only("segments", ".messages")
        let id = try #require(FileID(hex: name.dropFirst(9).prefix(32)))
        let file = try MessageFile(id, Self.v2.directory)
        let entries = try file.entries(0)
        #expect(entries.map(\.commit) == [3])
        let scratch = try TemporaryDirectory()
        try Self.files.createDirectory("\(scratch.path)/segments")
        let directory = StoreFolder(scratch.path, on: Self.files)
        _ = try MessageFileWriter.write(file.header, directory) {
            var rest = entries[...]
            return { rest.popFirst() }
        }
        #expect(try scratch.bytes(name) == Self.v2.bytes(name))
    }

    /// The bytes of the sealed WAL file, encoded again from its records.
    private static func walRebuilt(firstRecord: UInt64) throws -> [UInt8] {
        let contents = try WALReader.read(number: 2, sealed: true, v2.directory)
        var writer = ByteWriter()
        writer.bytes = WALWriter.header(number: 2, firstRecord: firstRecord)
        var number = firstRecord
        for record in try contents.records() {
            WALWriter.encode(.commit, record.encode(), number: number, place: 0, to: &writer)
            number += 1
        }
        WALWriter.encode(.seal, [], number: number, place: 0, to: &writer)
        return writer.bytes
    }

    @Test("the sealed WAL file is made from its records, byte by byte")
    func wal() throws {
        let contents = try WALReader.read(number: 2, sealed: true, Self.v2.directory)
        #expect(try contents.records().map(\.commit) == [4, 5] && contents.hasSeal)
        #expect(
            try Self.walRebuilt(firstRecord: contents.firstRecord)
                == Self.v2.bytes(Self.v2.only("wal", ".sealed")))
    }
}
