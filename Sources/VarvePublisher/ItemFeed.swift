// ItemFeed.swift — sends the items of another program.
//
// Invariants:
// - All items of a call are checked before the first of them is sent.

import VarveCodec
import VarveModel
import VarveText

/// Sends items and collects the refused readings.
final class ItemFeed: DeliveryObserver {
    private let delivery: Delivery
    private let watch: RunWatch
    private let prefix: String
    private var builder: BatchBuilder
    private var series: [SeriesKey: Int] = [:]
    private var refusals: [PublishRefusal] = []
    private var batches: UInt64 = 0
    private var acknowledged: UInt64 = 0

    /// The number of series after which all names are forgotten.
    private static let maximumSeries = 1 << 18

    init(_ delivery: Delivery, options: PublisherOptions, watch: RunWatch) {
        self.delivery = delivery
        self.watch = watch
        prefix = String(UInt64.random(in: 0 ... .max), radix: 36)
        builder = BatchBuilder(rows: options.rowsPerBatch, bytes: options.bytesPerBatch)
    }

    func send(_ items: [PublisherItem]) throws {
        for item in items { try Self.check(item) }
        delivery.observer = self
        try delivery.logIn()
        if series.count > Self.maximumSeries {
            series.removeAll()
            builder.forgetSeries()
        }
        for item in items {
            for point in item.points { try add(point, of: item) }
        }
        try shipBatch()
    }

    func waitForReplies() throws -> [PublishRefusal] {
        delivery.observer = self
        try delivery.drain()
        defer { refusals = [] }
        return refusals
    }

    private func add(_ point: PublisherItem.Point, of item: PublisherItem) throws {
        let key = SeriesKey(product: "", device: item.device, point: point.name)
        let number = series[key] ?? series.count
        if number == series.count {
            series[key] = number
            builder.addSeries(device: item.device, point: point.name)
        }
        let state = SampleState(quality: point.quality, isMissing: point.value == nil)
        let value = Self.json(point.value)
        let reading = BatchBuilder.Reading(
            series: number, time: item.time.nanoseconds, state: state.bits, line: -1)
        if builder.isFull(for: reading, valueBytes: value.count) { try shipBatch() }
        builder.add(reading, value: value[...], text: [])
    }

    private func shipBatch() throws {
        guard !builder.batch.rows.isEmpty else { return }
        let batch = builder.finishBatch()
        batches += 1
        let message = batch.message(id: Shipment.id(prefix, batch), 0..<batch.order.count)
        try delivery.ship(batch, prefix: prefix, message: message, tag: 0)
    }

    private static func check(_ item: PublisherItem) throws(PublisherError) {
        func check(_ name: String, _ what: String) throws(PublisherError) {
            guard (1...SeriesKey.maximumNameBytes).contains(name.utf8.count) else {
                throw .invalid("a \(what) name has 1 to \(SeriesKey.maximumNameBytes) bytes")
            }
        }
        try check(item.device, "device")
        for point in item.points {
            try check(point.name, "point")
            guard point.value != nil || point.quality != nil else {
                throw .invalid("point \(point.name) of \(item.device) has neither value nor quality")
            }
            if case .json(let text) = point.value, !isJSON(text) {
                throw .invalid("point \(point.name) of \(item.device) is not valid JSON")
            }
            if let value = point.value, value.text.utf8.count > PublisherOptions.maximumMessageBytes / 8 {
                throw .invalid("point \(point.name) of \(item.device) is too long for a message")
            }
        }
    }

    private static func isJSON(_ text: String) -> Bool {
        var canonical: [UInt8] = []
        return Array(text.utf8).withUnsafeBufferPointer { bytes in
            do throws(JSONFailure) {
                try CanonicalJSON.append(bytes, to: &canonical)
                return true
            } catch {
                return false
            }
        }
    }

    private static func json(_ value: Value?) -> [UInt8] {
        var bytes: [UInt8] = []
        switch value {
        case nil: break
        case .double(let number): ValueText.appendJSON(number, to: &bytes)
        case .int64(let number): ValueText.append(number, to: &bytes)
        case .bool(let truth): bytes.append(contentsOf: (truth ? "true" : "false").utf8)
        case .string(let text): JSONString.append(text, to: &bytes)
        case .json(let text): bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }

    // MARK: DeliveryObserver

    func refused(_ row: Batch.Row, of batch: Batch, _ reply: Reply) {
        let series = batch.series[Int(row.series)]
        refusals.append(
            PublishRefusal(
                device: Self.text(batch.names[batch.devices[Int(series.device)]]),
                point: Self.text(batch.names[series.point]), nanoseconds: row.time, code: reply.code,
                message: reply.message))
    }

    func finished(_ shipment: Shipment) {
        if shipment.refusedCount == 0 { acknowledged += 1 }
    }

    func waiting() throws {
        try watch.check(
            PublishState(
                phase: .sending, share: 0, rows: 0, acknowledged: acknowledged, batches: batches,
                resent: delivery.resent, trouble: delivery.trouble))
    }

    /// The text of a JSON string.
    private static func text(_ quoted: ArraySlice<UInt8>) -> String {
        Array(quoted).withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return "" }
            var scanner = JSONScanner(base: base, count: bytes.count)
            var text: [UInt8] = []
            do throws(JSONFailure) {
                let string = try scanner.skipString()
                scanner.appendText(of: string.content, to: &text)
            } catch {
                return ""
            }
            return String(decoding: text, as: UTF8.self)
        }
    }
}
