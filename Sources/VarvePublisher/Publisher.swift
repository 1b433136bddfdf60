// Publisher.swift — the front door: sends history over MQTT until every answer is there.
//
// Invariants:
// - What a call reports as acknowledged, the receiver has answered with 200.
// - After an error nothing is lost: the same call again sends what is not acknowledged.

import VarveCodec
public import VarveFile
import VarveModel
import VarveTransfer

/// The reference sender: batches of history over MQTT, in the form of EnOS offline message integration.
///
/// Each batch is a message on `/sys/{product}/integration/measurepoint/post` (QoS 1) that is sent until the reply with
/// its id arrives on `…/post_reply`: only this answer says that it is on disk. The PUBACK is the broker's own, which sends
/// it at once, also while nobody stores anything; what is acknowledged so and not answered may be lost with the broker. A batch that the receiver refuses goes again in halves until the bad rows stand
/// alone, so all others get in.
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
/// JSON does not tell a text that looks like a number from a number. Where `PublishFileOptions.types` is given, each
/// value has the form of its point's type; without, a number becomes a number, `true` and `false` a truth value, an
/// array or object of NDJSON itself, and all else a string.
///
/// Not thread-safe: one thread uses it, apart from what `isStopped` asks. Memory: the window's messages and rows, a few
/// MiB with the default options.
public final class Publisher {
    private let options: PublisherOptions
    private let delivery: Delivery
    private let watch: RunWatch
    private let files = POSIXFileSystem()
    private var feed: ItemFeed?

    /// Makes a sender; the first call that sends connects.
    ///
    /// - Parameters:
    ///   - options: Where to send, and as whom.
    ///   - progress: Is told how far a file is.
    ///   - isStopped: Asked several times a second, on the publishing thread; true ends a call with
    ///     `PublisherError.stopped`.
    public init(
        _ options: PublisherOptions, progress: (any PublishProgress)? = nil,
        isStopped: @escaping @Sendable () -> Bool = { false }
    ) {
        self.options = options
        delivery = Delivery(options)
        watch = RunWatch(progress: progress, isStopped: isStopped)
    }

    deinit { delivery.close() }

    /// Sends a file, from where an earlier run of the same file, target and options stopped.
    ///
    /// Crash semantics: after a kill at any moment the next call goes on with what is not acknowledged; what the journal
    /// had not yet on disk is sent again, which a receiver answers without applying it twice. Cost: the file is read
    /// twice, or three times where the unit of its times has to be found out.
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

    /// Sends a stream that can be read only once: it is written to a temporary file first.
    ///
    /// - Parameters:
    ///   - stream: Standard input or a pipe.
    ///   - name: What the journal and the file of rejected rows are named after, unless the options name them.
    public func publishStream(
        _ stream: any File, name: String = "stdin", _ fileOptions: PublishFileOptions = PublishFileOptions()
    ) throws -> PublishResult {
        let input = try ReadingInput(
            stream: stream, options: fileOptions.reading, files: files,
            rejectedPath: fileOptions.rejectedPath ?? name + ".rejected.csv",
            spoolFolder: fileOptions.spoolFolder)
        return try publish(input, fileOptions, journal: fileOptions.journalPath ?? name + ".publish-journal")
    }

    /// Sends items, as one message or several; returns once they are on their way, without waiting for replies.
    ///
    /// It waits while the window is full. Durability: none before `waitForReplies` returns.
    ///
    /// - Throws: `PublisherError`; a name that is empty or longer than 1,024 bytes and a missing value without a
    ///   quality are `invalid`, and nothing of the call is sent then.
    public func send(_ items: [PublisherItem]) throws {
        let feed = try openFeed()
        try feed.send(items)
    }

    /// Waits until everything that was sent is answered.
    ///
    /// - Returns: The readings that the receiver refused since the last call; all others are safe with it.
    /// - Throws: `PublisherError`; what is unanswered then stays so, and the next call goes on waiting.
    public func waitForReplies() throws -> [PublishRefusal] {
        guard let feed else { return [] }
        return try feed.waitForReplies()
    }

    /// Closes the connection; what is unanswered is forgotten.
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
        case .other: note = "\(path) is of another content, target or form of batches: everything is sent"
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
            // What is out belongs to this input; a later one starts with an empty window.
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
