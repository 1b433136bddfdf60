// MessageCost.swift — what a message costs while it waits in the broker: what the queue's budget counts.
//
// Invariants:
// - Plugin and service count the same: the plugin hands on the cost of a message whose properties count.

/// The cost of a waiting message.
package enum MessageCost {
    /// The user property in which the plugin hands on a cost, in decimal; without it a message had no properties.
    package static let property = "varve-cost"
    /// What the broker keeps beside the bytes of a message, rounded up.
    ///
    /// mosquitto 2.0.11 takes about 500 bytes: a record of the message, one for its receiver, the sender's names.
    package static let fixed = 1024

    /// The bytes that a message is counted as.
    ///
    /// - Parameter properties: The bytes of its properties as they were sent.
    package static func of(payload: Int, topic: Int, properties: Int = 0) -> Int {
        payload + topic + properties + fixed
    }
}
