// RequestFailure.swift — why a message is refused, and the EnOS code of that reason.

import VarveModel
import VarveText

/// The codes of replies, as EnOS numbers them.
public enum ReplyCode: Int, CaseIterable, Sendable {
    /// Everything in the message is durable.
    case success = 200
    /// The message could not be taken now; the sender may send it again later.
    case busy = 429
    /// The product has no such device; of a message by which a gateway logs its sub-devices in or out.
    case noSuchSubDevice = 705
    /// A sub-device of such a message is one of another product.
    case notOfGateway = 740
    /// The signature of a sub-device is wrong.
    case wrongSignature = 742
    /// A gateway wants a sub-device activated.
    case noActivation = 770
    /// The payload is over the limit.
    case tooLarge = 1008
    /// The topic is unknown, or its product does not exist.
    case unknownTopic = 1009
    /// A value or a quality does not fit the model, or the model has no such point.
    case modelMismatch = 1204
    /// An item of `resume/batch`, or one of its switches, is not of the documented shape.
    case batchFormat = 1206
    /// An item of attributes is not of the documented shape, or there are too many attributes.
    case attributeFormat = 1207
    /// An item of `resume/batch` names a device that the product does not have, or another product.
    case noSubDevice = 1212
    /// The payload is not valid JSON, or not of the documented shape.
    case malformed = 1220
    /// There is no payload.
    case empty = 1251
    /// The product has no such device.
    case unknownDevice = 1257
    /// The method does not belong to the topic.
    case wrongMethod = 1260
}

extension ReplyCode {
    /// What a refusal with this code is about, unless the refusal itself says more; nil for success.
    var category: FailureCategory? {
        switch self {
        case .success: nil
        case .busy: .script
        case .tooLarge: .size
        case .unknownTopic, .wrongMethod: .topic
        case .modelMismatch: .model
        case .malformed, .empty, .batchFormat, .attributeFormat: .json
        case .unknownDevice, .noSubDevice, .noSuchSubDevice, .notOfGateway, .wrongSignature, .noActivation:
            .device
        }
    }
}

/// A refused message: nothing of it is stored.
struct RequestFailure: Error {
    var code: ReplyCode
    /// One line that names the item.
    var message: String
    /// The device that the item names, if the failure is about one.
    var device: String?
    /// What it is about, where the code alone does not say that.
    var category: FailureCategory?
    /// The line of the product's script that failed, counted from 1.
    var scriptLine: Int?

    init(_ code: ReplyCode, _ message: String, device: String? = nil) {
        self.code = code
        self.message = message
        self.device = device
    }

    /// The same failure, as one of the product's script, at a line of it.
    func ofScript(line: Int?) -> RequestFailure {
        var copy = self
        (copy.category, copy.scriptLine) = (.script, line)
        return copy
    }

    /// There is no payload.
    static let empty = RequestFailure(.empty, "the payload is empty")

    /// The payload has more bytes than the limit; nil if nobody has counted them.
    static func tooLarge(_ bytes: Int?, limit: Int) -> RequestFailure {
        let size = bytes.map { " of \($0) bytes" } ?? ", unpacked,"
        return RequestFailure(
            .tooLarge, "the payload\(size) is over the limit of \(limit); send it in several messages")
    }
}
