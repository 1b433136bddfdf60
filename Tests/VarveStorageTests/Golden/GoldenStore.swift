// GoldenStore.swift — the history behind the newest folder of Fixtures, and how it was made.

import Glibc
import Synchronization
import VarveCodec
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

enum GoldenStore {
    /// `Fixtures` in the source tree.
    static func folder(_ file: String = #filePath) -> String {
        "/" + file.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures"
    }

    static let keys = ["power", "count", "on", "state", "alarm", "spare", "long", "twin"].map {
        SeriesKey(product: "wind", device: "WT-Ü1", point: $0)
    }

    /// The types of the series: one of each; one that is so short that it shares a block; two with several vectors
    /// and the same irregular times.
    static let types = ValueType.allCases + [.double, .double, .int64]

    private static let start: Int64 = 1_700_000_000_000_000_000

    /// Sample `index` of each series before any correction.
    static func sample(_ type: ValueType, _ index: Int) -> Sample {
        let time = Timestamp(nanoseconds: start + Int64(index) * 600_000_000_000)
        let value: Value =
            switch type {
            case .double: .double(index % 17 == 0 ? -0.0 : Double((index * 7919) % 2000) / 10)
            case .int64: .int64(Int64(index) << 40)
            case .bool: .bool(index % 5 < 2)
            case .string: .string(["run", "stop", "日本"][index % 3])
            case .json: .json("[\(index % 4),{\"a\":null}]")
            }
        return Sample(time: time, value: value, quality: index % 50 == 3 ? -1 : nil)
    }

    /// The samples of the series after the first five.
    static let extras: [[Sample]] = [
        (0..<10).map { sample(.double, $0 * 3) },
        (0..<3000).map { longSample(.double, $0) }, (0..<3000).map { longSample(.int64, $0) },
    ]

    private static func longSample(_ type: ValueType, _ index: Int) -> Sample {
        var odd = sample(type, index)
        odd.time = Timestamp(nanoseconds: odd.time.nanoseconds + Int64(index * index % 7) * 1_000_000_000)
        let noise = index &* 2_654_435_761 % 100_000_007
        odd.value = type == .double ? .double(Double(noise) / 1000) : .int64(Int64(noise) - 500_000)
        if type == .double, index == 1500 { odd.value = .double(.nan) }
        if type == .double, index == 1501 { odd.value = .double(.infinity) }
        return odd
    }

    static func rows(_ indexes: Range<Int>) -> [SeriesRows] {
        zip(keys, ValueType.allCases).map { key, type in
            SeriesRows(key, type, indexes.map { sample(type, $0) })
        }
    }

    /// Corrections and odd values: a missing one, a NaN with a payload, the ends of time.
    static let corrections: [Sample] = [
        Sample(time: sample(.double, 5).time, value: nil, quality: 9),
        Sample(time: sample(.double, 6).time, value: .double(Double(bitPattern: 0x7FF8_0000_0000_0BAD))),
        Sample(time: .earliest, value: .double(-.infinity)),
        Sample(time: .latest, value: .double(.leastNonzeroMagnitude)),
    ]

    /// What the store answers for each series.
    static let expected: [[Sample]] = {
        var all = ValueType.allCases.map { type in (0..<250).map { sample(type, $0) } }
        all[0][5] = corrections[0]
        all[0][6] = corrections[1]
        all[0].insert(corrections[2], at: 0)
        all[0].append(corrections[3])
        return all + extras
    }()

    /// What version 4 keeps of the third and the fifth series.
    static let expiry = sample(.bool, 10).time

    /// What version 5 has made of two points.
    static let retyped: [(point: String, type: ValueType)] = [("spare", .string), ("twin", .double)]

    /// What came after that.
    static let text = Sample(time: sample(.double, 1000).time, value: .string("—"), quality: 0)

    /// What version 3 has deleted of the second series.
    static let deleted = TimeRange(from: sample(.int64, 10).time, to: sample(.int64, 20).time)

    /// An import of two batches and a message, flushed; then a correction and a message in the WAL; a clean stop.
    ///
    /// In version 3 a deletion came after that, which flushed the commits of the WAL. In version 4 the two segments
    /// were then merged, with the corrected versions. Retention removed the samples of the third and the fifth series
    /// before their tenth sample, and one more sample came. In version 5 the points of two series then got another
    /// type, and another sample came. In version 1 nothing came between the import and the flush, and the last message
    /// was `rows(200..<250)`.
    static func make(_ path: String, version: Int) throws {
        let clock = Mutex<Int64>(start)
        var options = StoreOptions()
        options.now = {
            clock.withLock {
                $0 += 1
                return $0
            }
        }
        let store = try Store.open(path, options: options)
        try store.beginImport()
        for (index, range) in [0..<120, 120..<200].enumerated() {
            let part = SampleBatch.Part(index: UInt32(index), isLast: index == 1)
            let more = index == 0 ? zip(5..., extras).map { SeriesRows(keys[$0], types[$0], $1) } : []
            _ = try store.commit(SampleBatch(series: rows(range) + more, part: part))
        }
        let flushed = version == 1 ? 200..<200 : 200..<225
        if !flushed.isEmpty { _ = try store.commit(SampleBatch(series: rows(flushed))) }
        try store.flush()
        _ = try store.commit(SampleBatch(series: [SeriesRows(keys[0], .double, corrections)]))
        _ = try store.commit(SampleBatch(series: rows(flushed.upperBound..<250)))
        if version >= 3 { _ = try store.delete([keys[1]], in: deleted) }
        if version >= 4 {
            _ = try store.compact()
            _ = try store.expire([keys[2], keys[4]], keeping: .from(expiry))
            _ = try store.commit(SampleBatch(series: [SeriesRows(keys[5], .double, [sample(.double, 999)])]))
        }
        if version >= 5 {
            for (point, type) in retyped {
                _ = try store.retype(Retyping(products: ["wind"], point: point, to: type))
            }
            _ = try store.commit(SampleBatch(series: [SeriesRows(keys[5], .string, [text])]))
        }
        try store.close()
        if version == 1 { try rewriteManifests(StoreFolder(path, on: POSIXFileSystem())) }
    }

    /// Gives the manifests the form of their version 1: without the messages files, which are the last 9 bytes.
    private static func rewriteManifests(_ directory: StoreFolder) throws {
        let files = POSIXFileSystem()
        var previous: UInt64 = 0
        for number in try ManifestLog.numbers(directory) {
            var manifest = try ManifestLog.read(number, directory).manifest
            if number > 1 { manifest.previousChecksum = previous }
            let bytes = SealedFile.encode(.manifest, version: 1, payload: manifest.encode().dropLast(9))
            previous = SealedFile.checksum(of: bytes)
            try files.replace(directory.absolute(StoreFolder.manifest(number)), bytes)
        }
    }
}
