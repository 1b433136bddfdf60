// ConsumptionReport.swift — what the service tells the plugin of the messages it has done with.

/// A line of a message of the service on `TopicRights.controlTopic`.
package enum ConsumptionReport: Hashable, Sendable {
    /// Messages of this cost and number, of this product, were committed or answered since the last report.
    ///
    /// An empty product is one that the service could not tell from the topic.
    case consumed(bytes: Int, messages: Int, product: String)
    /// The broker has nothing waiting for the service: nothing came for a while on an open session.
    ///
    /// It takes out of the plugin's count what never reached the service, such as messages of quality 0 that were
    /// dropped.
    case drained

    /// The most bytes of a payload.
    package static let payloadLimit = 64 << 10

    /// The line, without a line feed: `consumed {cost} {messages} {product}` or `drained`.
    package var text: String {
        switch self {
        case .consumed(let bytes, let messages, let product): "consumed \(bytes) \(messages) \(product)"
        case .drained: "drained"
        }
    }

    /// Reads the lines of a payload, where number of messages and product may be missing; nil for anything else.
    package static func lines(_ payload: UnsafeRawBufferPointer) -> [ConsumptionReport]? {
        guard !payload.isEmpty, payload.count <= payloadLimit else { return nil }
        var reports: [ConsumptionReport] = []
        for line in payload.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            guard let report = report(String(decoding: line, as: UTF8.self)) else { return nil }
            reports.append(report)
        }
        return reports
    }

    private static func report(_ line: String) -> ConsumptionReport? {
        if line == "drained" { return .drained }
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count >= 2, words[0] == "consumed", let bytes = number(words[1]) else { return nil }
        guard let messages = words.count > 2 ? number(words[2]) : 0 else { return nil }
        return .consumed(bytes: bytes, messages: messages, product: words.count > 3 ? String(words[3]) : "")
    }

    private static func number(_ word: Substring) -> Int? {
        guard let number = Int(word), number >= 0 else { return nil }
        return number
    }
}
