// SmallStore.swift — a closed store of a few KB with every kind of file, and its answers.

import Testing
import VarveFile
import VarveModel
import VarveQuery
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

/// A store to damage.
struct SmallStore {
    let directory: TemporaryDirectory
    /// The files that checksums cover, with their bytes.
    let files: [(name: String, bytes: [UInt8])]
    private let answers: [SeriesKey: [SampleColumns]]

    private static let keys = [
        (SeriesKey(product: "p", device: "d", point: "level"), ValueType.double),
        (SeriesKey(product: "p", device: "d", point: "steps"), ValueType.int64),
        (SeriesKey(product: "p", device: "d", point: "state"), ValueType.string),
    ]

    /// Commits a message that is flushed, an import that is a segment at once, and a message that stays in the WAL,
    /// each in a session of its own.
    init() throws {
        directory = try TemporaryDirectory()
        let large = Limits.walBatchRows + 100
        for (index, times) in [0..<40, 20..<large, (large - 10)..<(large + 30)].enumerated() {
            let store = try Store.open(directory.path)
            // One long series makes the batch large enough for a segment; the other series are short, so that reads are
            // fast.
            let rows = Self.keys.map { key, type in
                let times = type == .double ? times[...] : times.prefix(200)
                return SeriesRows(key, type, times.map { Self.sample($0, type, version: index) })
            }
            let part = index == 1 ? SampleBatch.Part(index: 0, isLast: true) : nil
            _ = try store.commit(SampleBatch(series: rows, part: part))
            if index == 0 { try store.flush() }
            try store.close()
        }
        let directory = directory
        files = try directory.fileNames().filter { !["lock", "acknowledged"].contains($0) }.map {
            ($0, try directory.bytes($0))
        }
        answers = try Self.read(Store.open(directory.path, options: .reading))
    }

    private static func sample(_ index: Int, _ type: ValueType, version: Int) -> Sample {
        let value: Value =
            switch type {
            case .double: .double(Double(index / 1000) + Double(version) / 8)
            case .int64: .int64(Int64(index / 5))
            default: .string(index % 50 < 25 ? "on" : "off")
            }
        return Sample(
            time: Timestamp(nanoseconds: Int64(index) * 1_000_000_000),
            value: index % 4000 == 25 ? nil : value,
            quality: index < 30 ? 1 : 0)
    }

    /// All columns of each series, read through a snapshot.
    private static func read(_ store: Store) throws -> [SeriesKey: [SampleColumns]] {
        let snapshot = store.snapshot()
        var answers: [SeriesKey: [SampleColumns]] = [:]
        for info in snapshot.series() { answers[info.key] = try columns(info.key, snapshot) }
        return answers
    }

    private static func columns(_ key: SeriesKey, _ snapshot: StoreSnapshot) throws -> [SampleColumns] {
        var parts: [SampleColumns] = []
        try snapshot.read(key, in: .all, order: .ascending) { columns in
            parts.append(columns)
            return true
        }
        return parts
    }

    /// The damage that verification finds in a file.
    func damage(in file: String) throws -> [Damage] {
        try Store.verify(directory.path).damage.filter { $0.file == file }
    }

    /// Whether every question is either refused or answered as before.
    func answersTruly() -> Bool {
        guard let store = try? Store.open(directory.path, options: .reading) else { return true }
        let snapshot = store.snapshot()
        guard Set(snapshot.series().map(\.key)) == Set(answers.keys) else { return false }
        return answers.allSatisfy { key, expected in
            guard let found = try? Self.columns(key, snapshot) else { return true }
            return found == expected
        }
    }

    /// Whether every question is answered as before.
    func isWhole() throws -> Bool {
        try Store.verify(directory.path, deep: true).damage.isEmpty
            && Self.read(Store.open(directory.path, options: .reading)) == answers
    }
}
