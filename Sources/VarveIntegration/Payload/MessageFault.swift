// MessageFault.swift — why a message is refused: the code of the EnOS contract and a sentence that names the item.

/// The return codes of the EnOS contract that this version answers.
public enum ReplyCode: Int, Sendable {
    /// Everything is stored.
    case success = 200
    /// The payload is larger than the limit.
    case tooLarge = 1008
    /// The topic is none that takes data.
    case unknownTopic = 1009
    /// A value does not fit the model, or the model has no such point.
    case modelMismatch = 1204
    /// The payload is not JSON, or not of the documented shape.
    case malformed = 1220
    /// There is no payload.
    case empty = 1251
    /// The product has no such device.
    case unknownDevice = 1257
    /// The method is not that of the topic.
    case wrongMethod = 1260
}

/// A refused message.
struct MessageFault: Error, Equatable {
    var code: ReplyCode
    var message: String
    /// The device concerned, if one is named.
    var device: String?

    init(_ code: ReplyCode, _ message: String, device: String? = nil) {
        self.code = code
        self.message = message
        self.device = device
    }
}
