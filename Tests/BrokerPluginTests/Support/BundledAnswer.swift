// BundledAnswer.swift — an answer in a bundle of the service, as a test writes it.

import Testing
import VarveAccess

/// An answer to a client.
struct BundledAnswer {
    static let topic = "/sys/pk/integration/measurepoint/post_reply"

    var payload: String
    /// The client id of the addressee; empty for none.
    var client: String
    var topic: String
    var qos: Int32
    var correlation: String

    init(
        _ payload: String, to client: String, topic: String = topic, qos: Int32 = 1, correlation: String = ""
    ) {
        self.payload = payload
        self.client = client
        self.topic = topic
        self.qos = qos
        self.correlation = correlation
    }

    /// The bytes of a bundle.
    static func bundle(_ answers: [BundledAnswer]) -> [UInt8] {
        var bundle = ReplyBundle()
        for answer in answers {
            let isAdded = Array(answer.topic.utf8).withUnsafeBytes { topic in
                Array(answer.client.utf8).withUnsafeBytes { client in
                    Array(answer.correlation.utf8).withUnsafeBytes { correlation in
                        Array(answer.payload.utf8).withUnsafeBytes {
                            bundle.append(
                                ForwardedReply(
                                    qos: answer.qos, topic: topic, client: client, correlation: correlation,
                                    payload: $0))
                        }
                    }
                }
            }
            #expect(isAdded)
        }
        return bundle.bytes
    }
}
