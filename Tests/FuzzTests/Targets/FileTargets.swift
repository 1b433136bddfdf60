// FileTargets.swift — the pieces of the store's files, without the checksums, which would stop a fuzzer.

import VarveCodec
import VarveModel
import VarveStorage

@testable import VarveSegment

enum FileTargets {
    static let all = [
        FuzzTarget(name: "block", seeds: blockSeeds, run: block),
        FuzzTarget(name: "wal-record", seeds: { [record.encode()] }, run: walRecord),
        FuzzTarget(name: "manifest", seeds: manifestSeeds, run: manifest),
        FuzzTarget(name: "dictionary", seeds: dictionarySeeds, run: dictionary),
        FuzzTarget(
            name: "receipts", seeds: { [ReceiptsFile.encode([record.batch, record.batch])] }, run: receipts
        ),
    ]

    private static let types: [ValueType] = [.double, .int64, .bool, .string, .json]

    @Sendable private static func block(_ bytes: UnsafeRawBufferPointer) -> String? {
        var input = FuzzInput(bytes)
        let count = input.count(upTo: FormatLimits.blockSamples)
        let type = types[Int(input.byte()) % types.count]
        let timeBytes = min(Int(input.byte()), input.rest.count)
        let times = UnsafeRawBufferPointer(rebasing: input.rest[..<timeBytes])
        let block = UnsafeRawBufferPointer(rebasing: input.rest[timeBytes...])
        guard let run = try? BlockCodec.decode(block: block, times: times, count: count, type: type) else {
            return nil
        }
        guard run.count == count else { return "\(run.count) samples of \(count)" }
        // A run that was read is like any other: it has statistics and can be written again.
        _ = BlockStatistics(run, 0..<run.count, type: type)
        let newTimes = BlockCodec.encodeTimes(run, 0..<run.count, effort: .standard)
        let newBlock = BlockCodec.encodeBlock(run, 0..<run.count, type: type, effort: .standard)
        let again = newBlock.withUnsafeBytes { block in
            newTimes.withUnsafeBytes { times in
                try? BlockCodec.decode(block: block, times: times, count: count, type: type)
            }
        }
        guard let again, again.times == run.times, again.commits == run.commits,
            (0..<count).allSatisfy({ run.sampleEquals($0, again, $0) })
        else { return "a block of \(count) samples does not come back" }
        return nil
    }

    @Sendable private static func walRecord(_ bytes: UnsafeRawBufferPointer) -> String? {
        var reader = ByteReader(bytes)
        guard let record = try? WALRecord(from: &reader) else { return nil }
        let rows = record.rows.reduce(0) { $0 + $1.count }
        return rows <= Limits.walBatchRows ? nil : "a record of \(rows) rows"
    }

    @Sendable private static func manifest(_ bytes: UnsafeRawBufferPointer) -> String? {
        var input = FuzzInput(bytes)
        let version = UInt16(input.byte() % 5) + 1
        var reader = ByteReader(input.rest)
        guard let manifest = try? Manifest(from: &reader, version: version) else { return nil }
        let bytes = manifest.encode()
        return bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let again = try? Manifest(from: &reader, version: manifest.version)
            return again?.encode() == manifest.encode() ? nil : "a manifest does not come back"
        }
    }

    @Sendable private static func dictionary(_ bytes: UnsafeRawBufferPointer) -> String? {
        var reader = ByteReader(bytes)
        guard let (first, entries) = try? DictionaryFile.read(&reader) else { return nil }
        var writer = ByteWriter()
        DictionaryFile.write(first: first, entries, to: &writer)
        return writer.bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let again = try? DictionaryFile.read(&reader)
            return again?.entries == entries ? nil : "a dictionary does not come back"
        }
    }

    @Sendable private static func receipts(_ bytes: UnsafeRawBufferPointer) -> String? {
        var reader = ByteReader(bytes)
        guard let records = try? ReceiptsFile.decode(&reader) else { return nil }
        return ReceiptsFile.encode(records).withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let again = (try? ReceiptsFile.decode(&reader)).map(ReceiptsFile.encode)
            return again == ReceiptsFile.encode(records) ? nil : "receipts do not come back"
        }
    }

    // MARK: seeds

    @Sendable private static func blockSeeds() -> [[UInt8]] {
        [1, 20, 1500].map { count in
            let run = SampleRun(
                times: (0..<count).map { Int64($0) * 1_000_000_000 },
                values: .bits((0..<count).map { (Double($0 % 50) / 10).bitPattern }),
                states: (0..<count).map { $0 % 9 == 0 ? 1 << 33 : 0 },
                commits: (0..<count).map { UInt64(1 + $0 / 700) })
            let times = BlockCodec.encodeTimes(run, 0..<count, effort: .standard)
            let block = BlockCodec.encodeBlock(run, 0..<count, type: .double, effort: .standard)
            return .seed(count: count, kind: 0) { writer in
                writer.append(UInt8(min(255, times.count)))
                times.withUnsafeBytes { writer.append(bytes: $0) }
                block.withUnsafeBytes { writer.append(bytes: $0) }
            }
        }
    }

    private static var record: WALRecord {
        var receipt = Receipt()
        receipt.accepted = 2
        receipt.from = Timestamp(nanoseconds: 1)
        receipt.to = Timestamp(nanoseconds: 2_000_000_000)
        let batch = BatchRecord(
            contentHash: Hasher128.hash(UnsafeRawBufferPointer(start: nil, count: 0)),
            importHash: Hasher128.hash(UnsafeRawBufferPointer(start: nil, count: 0)), generation: 1,
            part: nil, commit: 7, writtenAt: 1, receipt: receipt)
        var columns = SampleColumns(type: .double)
        columns.times = [1, 2_000_000_000]
        columns.values = .bits([(1.5).bitPattern, 0])
        columns.states = [0, 1 << 33]
        return WALRecord(
            commit: 7, firstSeries: 0, newSeries: series, batch: batch,
            rows: [StoredRows(series: 0, type: .double, columns: columns)])
    }

    private static var series: [SeriesInfo] {
        [SeriesInfo(key: SeriesKey(product: "p", device: "d", point: "x"), type: .double)]
    }

    @Sendable private static func dictionarySeeds() -> [[UInt8]] {
        var writer = ByteWriter()
        DictionaryFile.write(first: 0, series, to: &writer)
        return [writer.bytes]
    }

    @Sendable private static func manifestSeeds() -> [[UInt8]] {
        var manifest = Manifest()
        let plain = [3] + manifest.encode()
        manifest.commit = 9
        manifest.replacements = [Replacement(commit: 7, writtenAt: 1, first: 12, old: [0, 3, 4])]
        return [plain, [4] + manifest.encode()]
    }
}
