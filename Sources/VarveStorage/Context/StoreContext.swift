// StoreContext.swift — the values that all parts of an open store share: folder, options, names of series, open
// segments.
//
// Invariants:
// - Only history and retention ever change: a service may set them while it runs.

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

    /// The nanoseconds for which corrected versions are kept.
    var history: Int64 {
        get { historyNanoseconds.load(ordering: .relaxed) }
        set { historyNanoseconds.store(newValue, ordering: .relaxed) }
    }

    /// Sets the source of the rules of retention.
    func setRetention(_ rules: @escaping RetentionRules) {
        retentionRules.withLock { $0 = rules }
    }

    /// The current rules of retention, by product.
    ///
    /// - Throws: What the source of the rules throws.
    func retention() throws -> [Name: ProductRetention] {
        try retentionRules.withLock { $0 }()
    }
}
