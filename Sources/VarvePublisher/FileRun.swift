// FileRun.swift — sends one input: brings reading, batches, journal, replies and rejected rows together.
//
// Invariants:
// - A batch is in the journal only if all its rows were taken. The next run tries a batch with refused rows again, and
//   so writes these rows to its own file of rejected rows.
// - Every row is counted once: in a batch, as rejected or as skipped.

import VarveCodec
import VarveFile
import VarveTransfer

/// Sends one input.
final class FileRun: ReadingConsumer, DeliveryObserver {
    private let input: ReadingInput
    private let journal: Journal
    private let delivery: Delivery
    private let watch: RunWatch
    private let prefix: String
    private var builder: BatchBuilder
    private(set) var result = PublishResult()
    private let resentBefore: UInt64
    private var share = 0.0
    private var phase = PublishState.Phase.checking
    /// The rows read while checking, or handed over while sending.
    private var rowsSeen: UInt64 = 0
    /// The number of rows that the receiver refused.
    private var refused: UInt64 = 0

    init(
        _ input: ReadingInput, journal: Journal, delivery: Delivery, watch: RunWatch, prefix: String,
        limits: PublisherOptions
    ) {
        self.input = input
        self.journal = journal
        self.delivery = delivery
        self.watch = watch
        self.prefix = prefix
        builder = BatchBuilder(rows: limits.rowsPerBatch, bytes: limits.bytesPerBatch)
        resentBefore = delivery.resent
    }

    /// Sends everything and waits for all replies; syncs the journal also after an error.
    ///
    /// - Throws: `PublisherError`, `FileError`, `DamagedInput`, `ImportError`.
    func run(product: String, options: PublishFileOptions) throws {
        delivery.observer = self
        defer { delivery.observer = nil }
        do {
            let outcome = try input.read(product: product, types: options.types, to: self)
            if !builder.batch.rows.isEmpty { try ship(builder.finishBatch()) }
            share = 1
            try delivery.drain()
            result.rows = outcome.rows
            result.skipped = outcome.skipped
            result.zones = outcome.zones
        } catch {
            // Acknowledged batches are kept; a second error would only hide the first.
            try? journal.flush()
            throw error
        }
        try journal.flush()
        result.rejected = input.rejectedCount
        result.firstRejected = input.firstRejected
        result.resent = delivery.resent - resentBefore
        result.rejectedPath = input.finishRejected()
        result.rejectedFiles = result.rejectedPath == nil ? 0 : 1
        result.rejectedFailure = input.rejectedFailure
        if refused == 0 {
            try journal.finish(
                JournalCounts(
                    rows: result.rows, batches: result.batches, rejected: result.rejected,
                    skipped: result.skipped))
        }
    }

    // MARK: ReadingConsumer

    func addSeries(device: String, point: String) {
        builder.addSeries(device: device, point: point)
    }

    func forgetSeries() throws {
        if !builder.batch.rows.isEmpty { try ship(builder.finishBatch()) }
        builder.forgetSeries()
    }

    func take(_ run: borrowing ReadingRun) throws {
        for row in 0..<run.count {
            let reading = BatchBuilder.Reading(
                series: Int(run.series[row]), time: run.times[row], state: run.states[row],
                line: run.lines[row])
            let value = run.valueRange(row)
            if builder.isFull(for: reading, valueBytes: value.count) { try ship(builder.finishBatch()) }
            let start = run.textStarts[row]
            let text = run.text[start..<(start + run.textCounts[row])]
            let size = builder.messageBytes(reading, valueBytes: value.count)
            if size > PublisherOptions.maximumMessageBytes {
                text.withUnsafeBytes { bytes in
                    input.reject(
                        line: reading.line,
                        reason: "the row makes a message of up to \(size) bytes, and receivers take at most "
                            + "\(PublisherOptions.maximumMessageBytes)", text: bytes)
                }
                continue
            }
            builder.add(reading, value: run.values[value], text: text)
        }
    }

    func advanced(_ phase: ImportPhase, bytesRead: Int, rows: UInt64) throws {
        self.phase = phase == .survey ? .checking : .sending
        if phase == .survey { rowsSeen = rows }
        share = input.totalBytes > 0 ? Double(bytesRead) / Double(input.totalBytes) : 0
        try delivery.idle()
    }

    private func ship(_ batch: Batch) throws {
        if phase == .checking { rowsSeen = 0 }
        phase = .sending
        result.batches += 1
        rowsSeen += UInt64(batch.rows.count)
        let message = batch.message(id: Shipment.id(prefix, batch), 0..<batch.order.count)
        let hash = message.withUnsafeBytes { Checksum.of($0) }
        if journal.isAcknowledged(batch.index, hash: hash) {
            result.acknowledged += 1
            result.acknowledgedBefore += 1
            return try delivery.idle()
        }
        try delivery.ship(batch, prefix: prefix, message: message, tag: hash)
    }

    // MARK: DeliveryObserver

    func refused(_ row: Batch.Row, of batch: Batch, _ reply: Reply) {
        refused += 1
        batch.text[row.text].withUnsafeBytes { input.reject(line: row.line, reason: reply.reason, text: $0) }
    }

    func finished(_ shipment: Shipment) throws {
        guard shipment.refusedCount < shipment.batch.rows.count else { return }
        result.acknowledged += 1
        guard shipment.refusedCount == 0 else {
            result.acknowledgedInPart += 1
            return
        }
        try journal.acknowledge(
            JournalRecord(
                index: shipment.batch.index, hash: shipment.tag, rows: UInt64(shipment.batch.rows.count)))
    }

    func waiting() throws {
        try journal.flushIfDue()
        try watch.check(
            PublishState(
                phase: phase, share: share, rows: rowsSeen, acknowledged: result.acknowledged,
                batches: result.batches, resent: delivery.resent - resentBefore, trouble: delivery.trouble))
    }
}

/// Reports progress to the owner and asks whether to stop.
struct RunWatch {
    var progress: (any PublishProgress)?
    var isStopped: @Sendable () -> Bool = { false }

    func check(_ state: @autoclosure () -> PublishState) throws(PublisherError) {
        progress?.advanced(state())
        if isStopped() { throw .stopped }
    }
}
