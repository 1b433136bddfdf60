// VerifyBesideWriterTests.swift — a directory is verified while a writer commits and merges in it.

import Synchronization
import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct VerifyBesideWriterTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")

    private static func batch(_ seconds: Range<Int>) -> SampleBatch {
        let samples = seconds.map {
            Sample(time: Timestamp(nanoseconds: Int64($0) * 1_000_000_000), value: .double(Double($0)))
        }
        return SampleBatch(series: [SeriesRows(key, .double, samples)])
    }

    /// A store of three segments.
    private static func store(_ directory: TemporaryDirectory) throws -> Store {
        let store = try Store.open(directory.path)
        for index in 0..<3 {
            _ = try store.commit(batch(index * 100..<index * 100 + 100))
            try store.flush()
        }
        return store
    }

    @Test("a segment that a merge replaced during the check is no damage", arguments: [false, true])
    func merged(deep: Bool) throws {
        let directory = try TemporaryDirectory()
        let store = try Self.store(directory)
        for opening in 1...3 {
            for index in 0..<2 {
                _ = try store.commit(Self.batch(1000 * opening + index..<1000 * opening + index + 1))
                try store.flush()
            }
            let files = ExchangingFiles(at: [opening]) {
                _ = try? store.commit(Self.batch(1000 * opening + 2..<1000 * opening + 10))
                _ = try? store.compact()
            }
            let report = try Store.verify(directory.path, deep: deep, files: files)
            #expect(report.damage == [] && files.exchanges == 1, "opening \(opening)")
            #expect(report.samples == 300 + 10 * UInt64(opening))
        }
        try store.close()
    }

    @Test("a check beside a writer that merges at each of its steps ends, and calls nothing damaged")
    func faster() throws {
        let directory = try TemporaryDirectory()
        let store = try Self.store(directory)
        let number = Atomic(0)
        let files = ExchangingFiles(at: nil) {
            let next = number.add(1, ordering: .relaxed).newValue
            _ = try? store.commit(Self.batch(next..<next + 1))
            _ = try? store.compact()
        }
        do {
            let report = try Store.verify(directory.path, files: files)
            #expect(report.damage == [])
        } catch StorageError.needsReopen {
            #expect(files.exchanges >= 50, "it tried")
        }
        #expect(try Store.verify(directory.path).damage == [])
        try store.close()
    }
}

/// The real disk, on which something happens when a segment is opened.
private final class ExchangingFiles: ForwardingFileSystem {
    let disk = POSIXFileSystem()
    private let opened = Atomic(0)
    private let exchanged = Atomic(0)
    private let openings: Set<Int>?
    private let exchange: @Sendable () -> Void

    /// - Parameter openings: The openings at which it happens, from 1; nil for all.
    init(at openings: Set<Int>?, _ exchange: @escaping @Sendable () -> Void) {
        self.openings = openings
        self.exchange = exchange
    }

    var exchanges: Int { exchanged.load(ordering: .relaxed) }

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        if mode == .read, path.hasSuffix(".segment") {
            let number = opened.add(1, ordering: .relaxed).newValue
            if openings?.contains(number) ?? true {
                exchanged.add(1, ordering: .relaxed)
                exchange()
            }
        }
        return try disk.open(path, mode)
    }
}
