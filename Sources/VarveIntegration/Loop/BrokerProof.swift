// BrokerProof.swift — what a broker must show before anything that it sends is believed.

import VarveAccess
import VarveChannel
import VarveMQTT
import VarvePlatform

/// How to know the right broker.
public struct BrokerProof: Sendable {
    /// What one login is made with.
    public struct Exchange: Sendable {
        /// The password of this login alone.
        public var password: String
        /// The payload that the right broker answers.
        public var answer: [UInt8]

        /// Describes a login.
        public init(password: String, answer: [UInt8]) {
            self.password = password
            self.answer = answer
        }
    }

    /// The topic on which the answer comes, without a subscription.
    public var topic: String
    /// The payload bytes that may come before the answer; a broker that sends more is dropped.
    ///
    /// The right one sends what waits for the session right after the login, and its answer behind that.
    public var heldBytes: Int
    /// How long the broker may be silent after the login before its answer, in seconds.
    ///
    /// Default: 5.
    public var patienceSeconds = 5.0
    /// What to do about a broker that does not answer right.
    public var remedy: String
    /// Begins a login of a client id; nil if none can be made.
    public var begin: @Sendable (String) -> Exchange?

    /// Describes a proof.
    public init(
        topic: String, heldBytes: Int, remedy: String, begin: @escaping @Sendable (String) -> Exchange?
    ) {
        self.topic = topic
        self.heldBytes = heldBytes
        self.remedy = remedy
        self.begin = begin
    }
}

extension BrokerProof {
    /// The proof that Varve's plugin gives with a secret, which stands in its credentials file.
    package static func plugin(secret: String, heldBytes: Int, remedy: String) -> BrokerProof {
        BrokerProof(topic: ControlTopic.proof, heldBytes: heldBytes, remedy: remedy) { clientID in
            let proof = ServiceProof(
                secret: secret, clientID: clientID, seconds: SystemClock.nanoseconds() / 1_000_000_000,
                nonce: ServiceProof.freshNonce())
            guard let proof, let answer = proof.answer(secret: secret) else { return nil }
            return Exchange(password: proof.password, answer: answer)
        }
    }
}

/// A broker that is not to be believed: what it did, where, what to do.
struct BrokerRefusal: Error, CustomStringConvertible {
    var description: String
}

/// The proof during one connection.
///
/// Invariants:
/// - Before `isGiven`, nothing of the broker is committed, acknowledged or answered; what it sent is dropped with the
///   connection, and the right broker sends it again.
struct ProofExchange {
    private let proof: BrokerProof?
    private var expected: [UInt8]?
    /// Whether the broker may be believed.
    private(set) var isGiven: Bool
    /// When the broker last said anything, in nanoseconds.
    private var heard: Int64?

    init(_ proof: BrokerProof?) {
        self.proof = proof
        isGiven = proof == nil
    }

    /// Opens a connection to the broker of the options, and looks at who is at the other end before anything leaves.
    mutating func open(_ connection: MQTTConnection, _ options: IngestOptions) throws {
        if let password = try begin(connection.options.clientID) { connection.options.password = password }
        guard let socket = options.socket else { return try connection.connect() }
        let address = try LocalSocketAddress(socket)
        (connection.options.host, connection.options.port) = (address.shortPath, 0)
        do throws(MQTTError) {
            try connection.connect()
        } catch .unreachable(_, _, let reason) {
            throw MQTTError.unreachable(host: socket, port: 0, reason: reason)
        }
        let peer = try LocalSocketConnection.Peer(of: connection.descriptor, path: socket)
        if let reason = options.refusalOfPeer(peer) { throw BrokerRefusal(description: reason) }
    }

    /// Begins a connection.
    ///
    /// - Returns: The password to log in with; nil where no proof is wanted.
    private mutating func begin(_ clientID: String) throws -> String? {
        guard let proof else { return nil }
        isGiven = false
        heard = nil
        guard let exchange = proof.begin(clientID) else {
            throw BrokerRefusal(
                description: "this machine's libcrypto makes no HMAC-SHA256: the service cannot log in")
        }
        expected = exchange.answer
        return exchange.password
    }

    /// The broker said something.
    mutating func note(at now: Int64) { heard = now }

    /// Takes the broker's answer; false for any other message.
    mutating func takes(topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer) -> Bool {
        guard let proof, topic.elementsEqual(proof.topic.utf8) else { return false }
        if let expected, payload.count == expected.count,
            zip(payload, expected).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0
        {
            isGiven = true
        }
        // Good for one answer.
        expected = nil
        return true
    }

    /// Checks that the broker is not too slow with its answer, and has not sent too much before it.
    ///
    /// - Parameters:
    ///   - heldBytes: What has come and waits for the answer.
    ///   - place: Where the broker is.
    func check(now: Int64, heldBytes: Int, place: String) throws {
        guard let proof, !isGiven, let heard else { return }
        guard heldBytes <= proof.heldBytes, Double(now - heard) < proof.patienceSeconds * 1e9 else {
            throw BrokerRefusal(
                description: "the broker at \(place) did not prove that it is Varve's; \(proof.remedy)")
        }
    }

    /// The error for a login that the broker refused.
    func refusal(_ error: MQTTError, place: String) -> any Error {
        guard let proof, !isGiven, case .refused(_, let reason) = error else { return error }
        return BrokerRefusal(
            description: "the broker at \(place) refused the service's login (\(reason)); \(proof.remedy)")
    }
}
