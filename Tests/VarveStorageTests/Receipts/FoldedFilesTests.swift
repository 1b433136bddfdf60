// FoldedFilesTests.swift — small files that were joined into one are removed.

import Testing
import VarveModel
import VarveSegment
import VarveTestSupport

@testable import VarveStorage

@Suite struct FoldedFilesTests {
    @Test("after many batches the folder has the files that the manifest names, and no others")
    func folded() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for number in 0..<40 {
            let sample = Sample(time: Timestamp(nanoseconds: 1), value: .double(Double(number)))
            let key = SeriesKey(product: "p", device: "d\(number)", point: "x")
            _ = try store.commit(
                SampleBatch(
                    series: [SeriesRows(key, .double, [sample])], part: .init(index: 0, isLast: true)))
            // Each flush writes the new series and the receipt of the import.
            try store.flush()
        }
        let manifest = store.snapshot().view.manifest
        #expect(manifest.dictionary.count <= Limits.sealedParts)
        let named =
            manifest.dictionary.map { "\($0.id).dictionary" } + manifest.receipts.map { "\($0.id).receipts" }
            + manifest.segments.map { "\($0.id).segment" } + manifest.messages.map { "\($0.id).messages" }
        let found = try directory.fileNames("segments").map { String($0.dropFirst("segments/".count)) }
        #expect(found.sorted() == named.sorted())
        try store.close()
        #expect(try Store.open(directory.path).recoveryNotes.isEmpty)
    }
}
