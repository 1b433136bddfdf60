// SendingQueue.swift — the queue for the service: which messages it accepts, and whom it cuts off when it
// fills up.
//
// Invariants:
// - A message that is not counted is not queued either, and is in the log.
// - Each change of a product is logged once. Its senders are disconnected as long as they go on sending.

import VarveAccess
import VarveChannel
import VarveModel
import VarvePlatform

/// The queue as the plugin sees it.
struct SendingQueue {
    /// The time between two checks of the parts of the queue, in nanoseconds.
    static let interval: Int64 = 10_000_000
    /// A client that sent within this time, in nanoseconds, is disconnected with its product.
    static let sending: Int64 = 5_000_000_000
    var load: OverloadGuard
    var lastUpdate: Int64 = .min
    /// Whether a message was refused since `lastUpdate`.
    var hasRefused = false

    init(_ options: PluginOptions) {
        load = OverloadGuard(byteLimit: options.queueLimit, messageLimit: options.queueMessages)
    }
}

extension AccessControl {
    /// Counts a message that has passed `mayWrite`, and returns its cost.
    ///
    /// Nil if it must not be queued.
    ///
    /// - Parameter properties: The number of its properties and their bytes.
    func countMessage(
        _ client: OpaquePointer, topic: UnsafeRawBufferPointer, payload: Int, quality: Int,
        properties: (count: Int, bytes: Int)
    ) -> Int? {
        guard let known = clients[client], let product = known.role.product else { return nil }
        known.countPacket(topic: 0, rest: properties.bytes)
        let now = SystemClock.monotonicNanoseconds()
        known.lastSent = now
        recordSender(known)
        let time = SystemClock.nanoseconds()
        if properties.count > ClientLimits.properties || properties.bytes > ClientLimits.propertyBytes {
            let reason = "the message has too many properties: the most are \(ClientLimits.properties)"
            let name = String(decoding: topic, as: UTF8.self)
            let detail = ConnectionEvent.refusal(
                "\(reason), of \(ClientLimits.propertyBytes) bytes in all", topic: name)
            record(known.event(.refusedMessage, time: time, detail: detail))
            return nil
        }
        let cost =
            ConsumptionReport.cost(topicBytes: topic.count, payloadBytes: payload)
            + properties.bytes + properties.count * ClientLimits.propertyCost
        // The broker keeps no message of quality 0 for a service that is away.
        guard quality > 0 || serviceReaders > 0 else { return cost }
        if quality > 0, let answers = known.answers { self.answers.addOtherBytes(4, to: answers) }
        switch queue.load.accept(cost: cost, product: product, now: now) {
        case .taken: return cost
        case .refused:
            queue.hasRefused = true
            let name = String(decoding: topic, as: UTF8.self)
            let detail = ConnectionEvent.refusal("the queue is full: a message is refused", topic: name)
            record(known.event(.refusedMessage, time: time, detail: detail))
            return nil
        }
    }

    /// Checks the parts of the queue, and adds the clients to disconnect to `expulsions`.
    func updateQueue(now: Int64, _ expulsions: inout Expulsions) {
        guard queue.hasRefused || queue.lastUpdate == .min || now - queue.lastUpdate >= SendingQueue.interval
        else { return }
        queue.lastUpdate = now
        queue.hasRefused = false
        for (product, change) in queue.load.update(now: now, isReading: serviceReaders > 0) {
            logChange(of: product, change)
            switch change {
            case .open, .closed: break
            case .full, .paused, .stillSending:
                for client in clients.values
                where client.role.product?.sameBytes(as: product) == true
                    && client.lastSent > now - SendingQueue.sending
                {
                    client.disconnectReason = Self.disconnectReason(change)
                    expulsions.clientIDs.insert(Name(client.clientID))
                }
            }
        }
    }

    private func logChange(of product: String, _ change: OverloadGuard.Change) {
        let own = queue.load.waiting(product: product)
        let waiting =
            "\(own.bytes) bytes in \(own.messages) messages wait of product \(product), \(queue.load.bytes) in all"
        let text: String
        switch change {
        case .open: text = "the queue has room again, logins are accepted: \(waiting)"
        case .closed: text = "the queue is full; logins are refused: \(waiting)"
        case .full: text = "the queue is full; senders are disconnected: \(waiting)"
        case .paused(let seconds):
            text =
                "messages of others wait behind those of product \(product); its senders are disconnected for \(seconds) s: \(waiting)"
        case .stillSending: return
        }
        logOverload(text, product: product)
    }

    private static func disconnectReason(_ change: OverloadGuard.Change) -> String {
        switch change {
        case .paused, .stillSending: "cut off: it sends faster than the service reads, and others wait"
        case .full, .closed, .open: "cut off: its product's part of the queue is full"
        }
    }
}
