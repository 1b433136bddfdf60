// BrokerProof.swift — how a broker proves that it is Varve's, before anything that it sends is believed.

import VarveAccess
import VarveChannel
import VarveMQTT
import VarvePlatform

/// How the service recognises the right broker.
public struct BrokerProof: Sendable {
    /// The two halves of one login: what the service sends, and what the right broker answers.
    public struct Exchange: Sendable {
        /// The password, valid for this login only.
        public var password: String
        /// The payload of the right broker's answer.
        public var answer: [UInt8]

        /// Describes a login.
        public init(password: String, answer: [UInt8]) {
            self.password = password
            self.answer = answer
        }
    }

    /// The topic on which the answer comes, without a subscription.
    public var topic: String
    /// The most bytes that messages may hold before the answer comes; a broker that sends more is dropped.
    ///
    /// The right broker sends the messages that wait for the session right after the login, then its answer.
    public var heldBytes: Int
    /// How long the broker may be silent after the login before its answer, in seconds.
    ///
    /// Default: 5.
    public var patienceSeconds = 5.0
    /// What the user can do about a broker without the right answer; part of the error's text.
    public var remedy: String
    /// Begins a login of a client id; nil if no login can be made.
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
    /// The proof that Varve's plugin gives with the secret of its credentials file.
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

/// A broker that is not to be believed; the text says what it did, where, and what to do.
struct BrokerRefusal: Error, CustomStringConvertible {
    var description: String
}

/// The proof during one connection: what the broker must answer.
///
/// `SessionStateMachine` decides when an answer counts.
struct ProofExchange {
    /// What a message from the broker is.
    enum Answer: Equatable {
        /// Not an answer but an ordinary message.
        case none
        /// The answer of a broker that has the secret.
        case right
        /// The answer of a broker that does not have the secret, or a second answer.
        case wrong
    }

    private let proof: BrokerProof?
    private var expected: [UInt8]?

    init(_ proof: BrokerProof?) { self.proof = proof }

    /// Connects to the broker of the options, and checks the process at the other end before the login is sent.
    ///
    /// - Throws: `MQTTError` if the broker cannot be reached; `SessionStateMachine.Failure` if it is not to be trusted
    ///   or no login can be made; `FileError` if the socket's path cannot be used or its owner cannot be found out.
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
        if let reason = options.refusalOfPeer(peer) { throw SessionStateMachine.Failure.distrusted(reason) }
    }

    /// Begins the proof of a connection.
    ///
    /// - Returns: The password to log in with; nil if no proof is wanted.
    /// - Throws: `SessionStateMachine.Failure` if no login can be made.
    private mutating func begin(_ clientID: String) throws -> String? {
        guard let proof else { return nil }
        guard let exchange = proof.begin(clientID) else {
            throw SessionStateMachine.Failure.distrusted(
                "this machine's libcrypto makes no HMAC-SHA256: the service cannot log in")
        }
        expected = exchange.answer
        return exchange.password
    }

    /// Finds out whether a message is the broker's answer; the time of the comparison does not depend on its bytes.
    mutating func answer(topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer) -> Answer {
        guard let proof, topic.elementsEqual(proof.topic.utf8) else { return .none }
        // `take`: only the first answer counts.
        guard let expected = expected.take(), payload.count == expected.count,
            zip(payload, expected).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0
        else { return .wrong }
        return .right
    }
}

extension IngestOptions {
    /// What the loop demands of its sessions.
    func terms(subscribes: Bool) -> SessionStateMachine.Terms {
        let proof = proof.map {
            SessionStateMachine.Terms.Proof(
                heldBytes: $0.heldBytes, patience: Int64($0.patienceSeconds * 1e9))
        }
        return SessionStateMachine.Terms(
            proof: proof, subscribes: subscribes, backoff: Backoff(milliseconds: retryMilliseconds))
    }

    /// A failure in words: what the broker did, where, and what to do.
    func error(of failure: SessionStateMachine.Failure) -> any Error {
        switch failure {
        case .lost(.encryption(_, _, .unusableFile(let reason))):
            return BrokerRefusal(
                description: "\(reason): mend broker.authority, broker.certificate or broker.key")
        case .lost(.encryption(_, _, let failure)) where failure.isLasting:
            return BrokerRefusal(
                description: "the broker at \(place): \(failure)\(Self.remedy(of: failure, host: host))")
        case .lost(let error): return error
        case .loginRefused(let error):
            guard let proof, case .refused(_, let reason) = error else { return error }
            return BrokerRefusal(
                description: "the broker at \(place) refused the service's login (\(reason)); \(proof.remedy)"
            )
        case .subscriptionRefused(let code):
            let topics = topics.joined(separator: ", ")
            return MQTTError.refused(code: code, reason: "the broker refused the subscription to \(topics)")
        case .silent: return MQTTError.lost("it did not answer the login within 10 seconds")
        case .unproven:
            return BrokerRefusal(
                description:
                    "the broker at \(place) did not prove that it is Varve's; \(proof?.remedy ?? "")")
        case .distrusted(let reason): return BrokerRefusal(description: reason)
        case .interrupted: return failure
        }
    }

    /// What the user can do about a connection with TLS that does not come about.
    private static func remedy(of failure: EncryptionFailure, host: String) -> String {
        switch failure {
        case .unknownAuthority: "; name the file of the authority's certificate in broker.authority"
        case .expired: "; renew it there, or mend this machine's clock"
        case .notYetValid: "; mend the clock of this machine or of the broker's"
        case .wrongName: " than \(host); set mqtt.tlsHost to a name that it has"
        case .notEncrypted:
            "; set mqtt.tlsPort to its port for TLS, or set mqtt.port for a connection without"
        case .certificateWanted: "; name one and its key in broker.certificate and broker.key"
        case .certificateRefused:
            "; name one that an authority of the broker has signed in broker.certificate and broker.key"
        case .unusableFile, .onlyEncrypted, .other: ""
        }
    }
}

extension SessionStateMachine.Failure {
    /// The session's failure for an error.
    init(_ error: any Error) {
        switch error {
        case let failure as SessionStateMachine.Failure: self = failure
        case let error as MQTTError: self = .lost(error)
        default: self = .lost(.invalid("\(error)"))
        }
    }
}
