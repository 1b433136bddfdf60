// StoreContext.swift — what all parts of an open store share: where it is, how it was opened, the names of its series.
//
// Invariants:
// - Only the two settings that a service changes while it runs, history and retention, ever change.

import Synchronization
import VarveModel
import VarveSegment

final class StoreContext: Sendable {
    let folder: StoreFolder
    let options: StoreOptions
    let dictionary: SeriesDictionary
    let library: SegmentLibrary
    private let historyNanoseconds: Atomic<Int64>
    private let retentionRules = Mutex<RetentionRules>({ [:] })

    init(
        _ folder: StoreFolder, _ options: StoreOptions, _ dictionary: SeriesDictionary,
        _ library: SegmentLibrary
    ) {
        self.folder = folder
        self.options = options
        self.dictionary = dictionary
        self.library = library
        historyNanoseconds = Atomic(options.history)
    }

    /// How long versions are kept that were corrected since, in nanoseconds.
    var history: Int64 {
        get { historyNanoseconds.load(ordering: .relaxed) }
        set { historyNanoseconds.store(newValue, ordering: .relaxed) }
    }

    /// Sets where the rules of retention come from.
    func setRetention(_ rules: @escaping RetentionRules) {
        retentionRules.withLock { $0 = rules }
    }

    /// The rules of retention as they are now, by product.
    ///
    /// - Throws: What their source throws.
    func retention() throws -> [String: ProductRetention] {
        try retentionRules.withLock { $0 }()
    }
}
