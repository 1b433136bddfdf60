// ConsumptionReport.swift — the service's report to the plugin about the messages that it has finished with.
//
// Format: text. It is `drained`, or lines `consumed {cost} {messages} {product}`, one for each product of a
// commit, joined by line feeds. The product is the rest of its line. For messages without a product the line
// ends before it.

/// A message of the service on `ControlTopic.consumption`.
public enum ConsumptionReport: Hashable, Sendable {
    /// The messages of one product that were finished since the last report.
    public struct Line: Hashable, Sendable {
        /// The sum of the messages' costs.
        public var cost: Int
        /// The number of messages.
        public var messages: Int
        /// The level of the topic that names the product; empty for topics without one.
        public var product: String

        /// Makes a line from numbers that are not below 0.
        public init(cost: Int, messages: Int, product: String) {
            self.cost = cost
            self.messages = messages
            self.product = product
        }
    }

    /// These messages were committed or refused since the last report.
    case consumed([Line])
    /// No message waits at the broker for the service: nothing has come for a while on an open session.
    ///
    /// It clears the plugin's count of messages that never reached the service, such as dropped messages of quality of
    /// service 0.
    case drained

    /// The most bytes of a payload.
    public static let maximumBytes = 64 << 10
    /// The most bytes of a product's name in a report.
    ///
    /// Messages of a product with a longer name are reported without it.
    static let maximumProductBytes = 1024
    /// The bytes that a message takes in the broker besides its topic and payload, by rule of thumb.
    static let fixedCost = 1024

    /// The cost of a message in the broker, in bytes, unless the plugin has reported another one.
    public static func cost(topicBytes: Int, payloadBytes: Int) -> Int {
        topicBytes + payloadBytes + fixedCost
    }

    /// The payloads of this report, none larger than `maximumBytes`.
    public var payloads: [[UInt8]] {
        guard case .consumed(let lines) = self else { return [Array(Self.drainedText.utf8)] }
        var payloads: [[UInt8]] = []
        for line in lines {
            let text = Array(line.text.utf8)
            if let last = payloads.indices.last, payloads[last].count + 1 + text.count <= Self.maximumBytes {
                payloads[last].append(Self.lineFeed)
                payloads[last].append(contentsOf: text)
            } else {
                payloads.append(text)
            }
        }
        return payloads
    }

    /// Reads a payload; nil if any part of it is not a report.
    public init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count <= Self.maximumBytes, let text = String(validating: payload, as: UTF8.self) else {
            return nil
        }
        if text == Self.drainedText {
            self = .drained
            return
        }
        var lines: [Line] = []
        // Splits bytes, not characters: a character may combine with the line feed before it.
        for line in text.utf8.split(separator: Self.lineFeed, omittingEmptySubsequences: false) {
            guard let line = Line(Substring(line)) else { return nil }
            lines.append(line)
        }
        self = .consumed(lines)
    }

    private static let drainedText = "drained"
    private static let lineFeed = UInt8(ascii: "\n")
}

extension ConsumptionReport.Line {
    private static let word = "consumed"
    private static let space = UInt8(ascii: " ")

    fileprivate var text: String {
        let start = "\(Self.word) \(cost) \(messages)"
        return product.isEmpty || product.utf8.count > ConsumptionReport.maximumProductBytes
            ? start : "\(start) \(product)"
    }

    fileprivate init?(_ text: Substring) {
        let parts = text.utf8.split(separator: Self.space, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0].elementsEqual(Self.word.utf8), let cost = Self.number(parts[1]),
            let messages = Self.number(parts[2])
        else { return nil }
        let product = parts.count == 4 ? Substring(parts[3]) : ""
        guard product.utf8.count <= ConsumptionReport.maximumProductBytes else { return nil }
        if parts.count == 4, product.isEmpty { return nil }
        self.init(cost: cost, messages: messages, product: String(product))
    }

    /// The number that decimal digits give; nil for any other text.
    private static func number(_ digits: Substring.UTF8View) -> Int? {
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(Substring(digits))
    }
}
