// ConsumptionReport.swift — what the service tells the plugin of the messages it has done with.

/// A message of the service on `TopicRights.controlTopic`.
package enum ConsumptionReport: Hashable, Sendable {
    /// So much payload, in so many messages, was committed or answered since the last report.
    case consumed(bytes: Int, messages: Int)
    /// The broker has nothing waiting for the service: nothing came for a while on an open session.
    ///
    /// It takes out of the plugin's count what never reached the service, such as messages of quality 0 that were
    /// dropped.
    case drained

    /// The payload: `consumed {bytes} {messages}` or `drained`.
    package var text: String {
        switch self {
        case .consumed(let bytes, let messages): "consumed \(bytes) \(messages)"
        case .drained: "drained"
        }
    }

    /// Reads a payload, where the number of messages may be missing; nil for anything else.
    package init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count <= 64 else { return nil }
        let words = String(decoding: payload, as: UTF8.self).split(separator: " ")
        let numbers = words.dropFirst().compactMap { Int($0) }.filter { $0 >= 0 }
        guard numbers.count == words.count - 1 else { return nil }
        switch (words.first, numbers.count) {
        case ("drained", 0): self = .drained
        case ("consumed", 1): self = .consumed(bytes: numbers[0], messages: 0)
        case ("consumed", 2): self = .consumed(bytes: numbers[0], messages: numbers[1])
        default: return nil
        }
    }
}
