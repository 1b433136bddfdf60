// MQTTReceiver.swift — the receiver of what arrives on a connection.

/// A message in the memory of the client library.
///
/// It is valid only during the call that hands it over.
public struct MQTTMessageView {
    /// The topic: UTF-8, checked by the broker.
    public let topic: UnsafeRawBufferPointer
    /// The payload: any bytes.
    public let payload: UnsafeRawBufferPointer
    /// The quality of service: 0, 1 or 2.
    public let qos: Int32
    /// Whether the broker had retained the message for new subscribers.
    public let isRetained: Bool
    let properties: OpaquePointer?
}

/// Receives what arrives on a connection.
///
/// Called on the connection's thread, only inside `readAvailable`.
public protocol MQTTReceiver: AnyObject {
    /// The broker has answered the login.
    ///
    /// - Parameters:
    ///   - refusal: Why the login was refused; nil if it was accepted.
    ///   - hasSession: Whether the broker still had this client's session.
    func connected(refusal: MQTTError?, hasSession: Bool)

    /// The broker has answered a subscription. A code of 128 or more refuses that topic.
    func subscribed(id: Int32, codes: [Int32])

    /// A message has arrived. Its acknowledgement waits until the next `flush`.
    func received(_ message: MQTTMessageView)

    /// The broker has acknowledged a message of this client (QoS 1), or the message was written to the socket
    /// (QoS 0).
    func published(id: Int32)
}
