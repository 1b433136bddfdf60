// TopicRoute.swift — what a topic asks for: the table of the topics of EnOS, with and without the leading slash.
//
// Invariants:
// - A topic that ends in `_reply` gets no answer: answers to answers could go on without end.

import VarveChannel
import VarveModel

/// Where a message goes.
struct TopicRoute {
    /// What is done with a message.
    enum Handler: Equatable {
        /// It is read as a request.
        case request(RequestForm)
        /// It has bytes of the product's own form, which a script turns into a request.
        case raw
        /// A gateway logs its sub-devices in or out.
        case subDevices(SubDeviceRequest.Kind)
        /// Any other topic.
        case unknown
        /// The topic of an answer.
        case reply
    }

    /// The part of a topic after the product, and its handler.
    private static let table: [(rest: String, handler: Handler)] = [
        (ChannelTopic.measurepointPost, .request(.measurepoints)),
        ("integration/event/post", .request(.events)),
        ("integration/attribute/post", .request(.attributes)),
        ("integration/attributes/post", .request(.attributes)),
        ("integration/model/up_raw", .raw),
        ("integration/up_raw", .raw),
    ]

    /// The same for topics with a device between the product and the rest.
    private static let deviceTable: [(rest: String, handler: Handler)] = [
        ("thing/measurepoint/resume", .request(.resume)),
        ("thing/measurepoint/resume/batch", .request(.resumeBatch)),
        ("thing/model/up_raw", .raw),
    ]

    /// The ending of all raw topics.
    static let rawEnding: StaticString = "up_raw"

    var handler: Handler
    /// The topic as it was sent.
    var topic: String
    /// Where the answer goes.
    var replyTopic: String
    /// The product, if the topic has one.
    var product: String?
    /// The device, if the topic has one; also if the topic is unknown.
    var device: String?
    /// The gateway that logs its sub-devices in or out: a device, or the mark of a channel.
    var gateway: String?

    /// Finds the route of a topic; a topic that is not in the tables is `unknown`.
    init(_ topic: UnsafeBufferPointer<UInt8>) {
        self.topic = String(decoding: topic, as: UTF8.self)
        replyTopic = ChannelTopic.reply(to: self.topic)
        handler = Self.isReply(self.topic) ? .reply : .unknown
        let slash = UInt8(ascii: "/")
        var levels = topic.split(separator: slash, omittingEmptySubsequences: false)[...]
        if topic.first == slash { levels = levels.dropFirst() }
        if readSession(levels) { return }
        guard levels.count >= 2, levels.removeFirst().elementsEqual(ChannelTopic.root.utf8),
            let product = levels.popFirst(),
            !product.isEmpty
        else { return }
        self.product = String(decoding: product, as: UTF8.self)
        guard handler != .reply else { return }
        let rest = levels.joined(separator: [slash])
        if let found = Self.find(rest, Self.table) {
            handler = found
        } else if let device = levels.popFirst(), !device.isEmpty, !levels.isEmpty,
            !device.elementsEqual(ChannelTopic.channelLevel.utf8)
        {
            self.device = String(decoding: device, as: UTF8.self)
            if let found = Self.find(levels.joined(separator: [slash]), Self.deviceTable) { handler = found }
        }
    }

    /// Why the service refuses a topic that it does not know, or a raw topic of a product without a script; with the topics
    /// that it takes.
    var refusal: RequestFailure {
        var reason: String
        if handler == .raw {
            reason = "raw topic of a product whose format is not custom; "
        } else if topic.hasSuffix("/") {
            reason = "unknown topic, as it ends in a slash; "
        } else {
            reason = "unknown topic; "
        }
        let product = product?.excerpt ?? "{productKey}"
        if let device {
            let start = "/\(ChannelTopic.root)/\(product)/\(device.excerpt)/thing/measurepoint/resume"
            reason +=
                "the on-line topics of devices are not taken: a device sends its history to \(start) or \(start)/batch, "
                + "and the product's channel sends events and attributes"
        } else {
            reason += "measurement points go to " + ChannelTopic.measurepointPost(product: product)
        }
        return RequestFailure(.unknownTopic, reason)
    }

    /// Reads the levels of a topic for logins of sub-devices; false for any other topic.
    private mutating func readSession(_ levels: ArraySlice<Slice<UnsafeBufferPointer<UInt8>>>) -> Bool {
        let root = ChannelTopic.sessionRoot.utf8.split(separator: UInt8(ascii: "/"))
        guard levels.count > root.count + 2,
            zip(levels, root).allSatisfy({ $0.elementsEqual($1) })
        else { return false }
        let names = levels.dropFirst(root.count)
        product = String(decoding: names[names.startIndex], as: UTF8.self)
        gateway = String(decoding: names[names.startIndex + 1], as: UTF8.self)
        let ending = names.dropFirst(2).joined(separator: [UInt8(ascii: "/")])
        if handler != .reply, let kind = SubDeviceRequest.Kind(ending) { handler = .subDevices(kind) }
        return true
    }

    private static func find(
        _ rest: some Sequence<UInt8>, _ table: [(rest: String, handler: Handler)]
    ) -> Handler? {
        let bytes = Array(rest)
        return table.first { bytes.elementsEqual($0.rest.utf8) }?.handler
    }

    private static func isReply(_ topic: String) -> Bool {
        let ending = ChannelTopic.replyEnding.utf8
        return topic.utf8.suffix(ending.count).elementsEqual(ending)
    }
}
