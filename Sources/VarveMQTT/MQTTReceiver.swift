// MQTTReceiver.swift — who is told what arrived.

/// A message as it lies in the client library's memory; valid only during the call that hands it over.
public struct MQTTMessageView {
    /// The topic, UTF-8 that the broker has checked.
    public let topic: UnsafeRawBufferPointer
    /// The payload, any bytes.
    public let payload: UnsafeRawBufferPointer
    /// The quality of service: 0, 1 or 2.
    public let qos: Int32
    /// Whether the broker had kept it for new subscribers.
    public let isRetained: Bool
    let properties: OpaquePointer?
}

/// Is told what arrives on a connection; called on the connection's thread, inside `readAvailable` only.
public protocol MQTTReceiver: AnyObject {
    /// The broker answered the login.
    ///
    /// - Parameters:
    ///   - refusal: Nil if it was accepted.
    ///   - hasSession: Whether the broker still had this client's session.
    func connected(refusal: MQTTError?, hasSession: Bool)

    /// The broker answered a subscription: a code of 128 or more refuses a topic.
    func subscribed(id: Int32, codes: [Int32])

    /// A message came in. Its acknowledgement waits until the next `flush`.
    func received(_ message: MQTTMessageView)

    /// The broker acknowledged a message of ours (QoS 1), or it was written (QoS 0).
    func published(id: Int32)
}
