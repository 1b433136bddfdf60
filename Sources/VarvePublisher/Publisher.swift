// Publisher.swift — the entry point: sends history over MQTT until every batch has a final answer.
//
// Invariants:
// - A call reports only batches as acknowledged that the receiver has answered with 200.
// - After an error nothing is lost: repeating the call sends what is not acknowledged.

import VarveCodec
public import VarveFile
import VarveModel
import VarveTransfer

/// The reference sender: batches of history over MQTT, in the form of EnOS offline message integration.
///
/// Each batch is a message on `/sys/{product}/integration/measurepoint/post` (QoS 1). It is sent until the reply with
/// its id arrives on `…/post_reply`: only this reply says that the batch is on disk. The PUBACK comes from the broker,
/// which sends it at once, even if no receiver is running; a message without a reply may be lost with the broker. A
/// batch that the receiver refuses is sent again in halves until the bad rows are alone, so that all other rows are
/// taken.
///
/// ```swift
/// var options = PublisherOptions(host: "127.0.0.1", port: 11883, product: "wind")
/// options.login = .password(username: "%channel%&wind", password: "…")
/// let publisher = Publisher(options)
/// let result = try publisher.publishFile("history.csv.gz")
/// print("\(result.acknowledged) of \(result.batches) batches are in, \(result.rejected) rows are not")
/// publisher.close()
/// ```
///
/// A program with readings of its own sends items:
///
/// ```swift
/// try publisher.send([
///     PublisherItem(device: "T1", time: time, points: [.init("power", .double(1520.5), quality: 0)])
/// ])
/// let refusals = try publisher.waitForReplies()
/// ```
///
/// A CSV file does not show whether `1` is a text or a number. With `PublishFileOptions.types` each value is written in
/// the form of its point's type. Without it, a number becomes a number, `true` and `false` become truth values, arrays
/// and objects of NDJSON stay what they are, and everything else becomes a string.
///
/// Not thread-safe: use it from one thread. Memory: the messages and rows of the window, a few MiB with the default
/// options.
public final class Publisher {
    private let options: PublisherOptions
    private let delivery: Delivery
    private let watch: RunWatch
    private let files = POSIXFileSystem()
    private var feed: ItemFeed?

    /// Makes a sender; the first call that sends connects.
    ///
    /// - Parameters:
    ///   - options: The target, the login and the limits.
    ///   - progress: Follows the sending of files.
    ///   - isStopped: Called at least several times a second on the publishing thread; if true, the current call ends
    ///     with `PublisherError.stopped`.
    public init(
        _ options: PublisherOptions, progress: (any PublishProgress)? = nil,
        isStopped: @escaping @Sendable () -> Bool = { false }
    ) {
        self.options = options
        delivery = Delivery(options)
        watch = RunWatch(progress: progress, isStopped: isStopped)
    }

    deinit { delivery.close() }

    /// Sends a file; continues where an earlier run with the same file, target and options stopped.
    ///
    /// Crash semantics: after a kill at any moment the next call sends what is not acknowledged. Batches whose records
    /// were not yet on disk are sent again; the receiver answers them without applying them twice. Cost: the file is
    /// read twice, or three times if it is packed or the unit of its times must be found.
    ///
    /// - Parameter path: A CSV or NDJSON file, plain or packed by gzip, zstd or lz4.
    /// - Throws: `PublisherError`, `FileError`, `DirectoryInUse` if another process is sending with the same journal,
    ///   and what reading throws: `DamagedInput`, `ImportError`.
    public func publishFile(
        _ path: String, _ fileOptions: PublishFileOptions = PublishFileOptions()
    ) throws -> PublishResult {
        let input = try ReadingInput(
            path: path, options: fileOptions.reading, files: files,
            rejectedPath: fileOptions.rejectedPath ?? path + ".rejected.csv",
            spoolFolder: fileOptions.spoolFolder)
        return try publish(input, fileOptions, journal: fileOptions.journalPath ?? path + ".publish-journal")
    }

    /// Sends a stream that can be read only once; its bytes (at most 64 GiB) are copied to a temporary file first.
    ///
    /// - Parameters:
    ///   - stream: Standard input or a pipe.
    ///   - name: The beginning of the paths of the journal and the rejected rows, unless the options set them.
    /// - Throws: As `publishFile`.
    public func publishStream(
        _ stream: any File, name: String = "stdin", _ fileOptions: PublishFileOptions = PublishFileOptions()
    ) throws -> PublishResult {
        let input = try ReadingInput(
            stream: stream, options: fileOptions.reading, files: files,
            rejectedPath: fileOptions.rejectedPath ?? name + ".rejected.csv",
            spoolFolder: fileOptions.spoolFolder)
        return try publish(input, fileOptions, journal: fileOptions.journalPath ?? name + ".publish-journal")
    }

    /// Sends items in one or several messages; returns without waiting for the replies.
    ///
    /// The call waits while the window is full. Durability: none before `waitForReplies` returns.
    ///
    /// - Throws: `PublisherError`. It is `invalid` for a name that is empty or longer than 1,024 bytes, a missing value
    ///   without a quality, invalid JSON and a text of more than 128 KiB; nothing of the call is sent then.
    public func send(_ items: [PublisherItem]) throws {
        let feed = try openFeed()
        try feed.send(items)
    }

    /// Waits until all items sent have an answer.
    ///
    /// - Returns: The readings that the receiver has refused since the last call; all others are on its disk.
    /// - Throws: `PublisherError`; the next call goes on waiting for the missing answers.
    public func waitForReplies() throws -> [PublishRefusal] {
        guard let feed else { return [] }
        return try feed.waitForReplies()
    }

    /// Closes the connection and forgets unanswered items.
    public func close() {
        feed = nil
        delivery.close()
    }

    private func openFeed() throws -> ItemFeed {
        if let feed { return feed }
        try options.check()
        let new = ItemFeed(delivery, options: options, watch: watch)
        feed = new
        return new
    }

    private func publish(
        _ input: ReadingInput, _ fileOptions: PublishFileOptions, journal path: String
    ) throws -> PublishResult {
        try options.check()
        if feed != nil {
            throw PublisherError.invalid("wait for the replies to items and close before sending a file")
        }
        let size = UInt64(input.totalBytes)
        let content = try input.contentHash { bytes in
            try watch.check(
                PublishState(
                    phase: .checking, share: Double(bytes) / Double(max(1, size)), rows: 0, acknowledged: 0,
                    batches: 0, resent: 0))
        }
        let identity = JournalIdentity(content: content, size: size, plan: fileOptions.plan(options))
        let journal = try Journal(
            path: path, identity: identity, again: fileOptions.sendsAgain, files: files)
        var note: String?
        switch journal.finding {
        case .finished(let counts): return Self.finishedResult(counts)
        case .other:
            note = "\(path) belongs to another content, target or form of batches: everything is sent"
        case .damaged: note = "\(path) is damaged: batches that it does not know are sent again"
        case .new, .resumed: break
        }
        let run = FileRun(
            input, journal: journal, delivery: delivery, watch: watch,
            prefix: String(content.description.prefix(12)), limits: options)
        try delivery.logIn()
        do {
            try run.run(product: options.product, options: fileOptions)
        } catch {
            // Unanswered batches belong to this input; the next input starts with an empty window.
            delivery.close()
            throw error
        }
        var result = run.result
        if let note { result.notes = [note] }
        return result
    }

    private static func finishedResult(_ counts: JournalCounts) -> PublishResult {
        var result = PublishResult()
        result.rows = counts.rows
        result.batches = counts.batches
        result.acknowledged = counts.batches
        result.acknowledgedBefore = counts.batches
        result.rejected = counts.rejected
        result.skipped = counts.skipped
        result.wasFinished = true
        return result
    }
}
