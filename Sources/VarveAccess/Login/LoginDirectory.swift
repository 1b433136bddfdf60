// LoginDirectory.swift — credentials indexed for look-ups, and the decision on a login.
//
// Invariants:
// - A login is accepted only by a password or signature that was compared in full. An empty secret matches
//   nothing.
// - No reason contains a password or a secret.
// - Names are equal by bytes, as in topics. Otherwise the password of one product would open the topics of another
//   whose name is the same to Unicode.

public import VarveChannel
import VarveModel
import VarveText

/// The names and the password of a CONNECT.
public struct LoginAttempt: Sendable {
    /// The client id, which may name a signature.
    public var clientID: String
    /// The user name; nil if the CONNECT has none.
    public var username: String?
    /// The bytes of the password; nil if the CONNECT has none.
    public var password: [UInt8]?

    /// Takes what the client sent, unchecked.
    public init(clientID: String, username: String?, password: [UInt8]?) {
        self.clientID = clientID
        self.username = username
        self.password = password
    }
}

/// Whether a client may log in.
public enum LoginDecision: Hashable, Sendable {
    /// It may, in this role. `channel` is the name of the product's channel.
    case accepted(Role, channel: String?)
    /// It may not. The reason is for the channel's log; product and channel are given if they exist.
    case refused(reason: String, product: String?, channel: String?)
}

/// The accepted logins by user name.
public struct LoginDirectory: Sendable {
    private struct DeviceName: Hashable {
        let product: Name
        let key: Name

        init(product: String, key: String) {
            self.product = Name(product)
            self.key = Name(key)
        }
    }

    private let service: Credentials.Service?
    private let channels: [Name: Credentials.Channel]
    private let secrets: [DeviceName: String]

    /// Indexes credentials; of two channels of a product, or two devices of a name, the later one counts.
    public init(_ credentials: Credentials) {
        service = credentials.service
        channels = Dictionary(credentials.channels.map { (Name($0.product), $0) }) { $1 }
        secrets = Dictionary(
            credentials.devices.map { (DeviceName(product: $0.product, key: $0.key), $0.secret) }
        ) { $1 }
    }

    /// The role of a user name, whether or not it may log in.
    public func role(username: String) -> Role? {
        service?.username.sameBytes(as: username) == true ? .service : Role(username: username)
    }

    /// The name of a product's channel, if it has one.
    public func channelName(product: String) -> String? { channels[Name(product)]?.name }

    /// Whether a client that is logged in may stay: its channel exists and is enabled, and its device still
    /// has a secret.
    public func admits(_ role: Role) -> Bool {
        switch role {
        case .service: service != nil
        case .channel(let product): channels[Name(product)]?.isEnabled == true
        case .device(let product, let key):
            channels[Name(product)]?.isEnabled == true
                && secrets[DeviceName(product: product, key: key)] != nil
        }
    }

    /// Decides on a login.
    ///
    /// The caller must check the service's login with `ProofMemory` as well.
    public func decide(_ attempt: LoginAttempt) -> LoginDecision {
        guard let username = attempt.username, !username.isEmpty else {
            return refused("the login has no user name")
        }
        guard let role = role(username: username) else {
            return refused(
                "the user name is neither \"\(Role.channelUsername(product: "{product}"))\" nor \"{device}&{product}\""
            )
        }
        guard let product = role.product else { return decideService(attempt) }
        guard let channel = channels[Name(product)] else {
            return refused("the product \(Self.quoted(product)) is unknown or has no channel")
        }
        func refuse(_ reason: String) -> LoginDecision {
            .refused(reason: reason, product: product, channel: channel.name)
        }
        guard channel.isEnabled else { return refuse("the channel is disabled") }
        guard !attempt.clientID.unicodeScalars.contains(where: \.isInvisible) else {
            return refuse("the client id has an invisible character, such as U+202E: leave it out")
        }
        guard TopicRights.canName(role) else {
            return refuse("its keys cannot be part of a topic: they have one of / + # or are reserved")
        }
        guard let password = attempt.password, !password.isEmpty else {
            return refuse("the login has no password")
        }
        let reason =
            switch role {
            case .device(_, let key): refusal(device: key, product: product, attempt.clientID, password)
            default: refusal(channel: channel, attempt.clientID, password)
            }
        return reason.map(refuse) ?? .accepted(role, channel: channel.name)
    }

    /// The plugin's answer to the service's login; nil if there is no service or libcrypto refuses the
    /// digest.
    public func answer(to proof: ServiceProof) -> [UInt8]? {
        service.flatMap { proof.answer(secret: $0.password) }
    }

    /// Checks the digest only.
    ///
    /// `ProofMemory` decides whether the login is fresh.
    private func decideService(_ attempt: LoginAttempt) -> LoginDecision {
        guard let secret = service?.password, !secret.isEmpty,
            let proof = attempt.password.flatMap({ ServiceProof(password: $0) }),
            proof.isMade(secret: secret, clientID: attempt.clientID)
        else { return refused("wrong password of the service's own login") }
        return .accepted(.service, channel: nil)
    }

    private func refused(_ reason: String) -> LoginDecision {
        .refused(reason: reason, product: nil, channel: nil)
    }

    /// Why a channel's login fails; nil if it is right.
    private func refusal(
        channel: Credentials.Channel, _ clientID: String, _ password: [UInt8]
    ) -> String? {
        if !channel.password.isEmpty, SecretText.isEqual(password, Array(channel.password.utf8)) {
            return nil
        }
        let client = ClientID(clientID)
        guard client.hasSignature else {
            return "wrong password: it is not the channel's, and the client id names no signature"
        }
        return refusal(
            client, password, modes: ["2", "4"], deviceKey: Role.channelKey, product: channel.product,
            secret: channel.productSecret)
    }

    /// Why a device's login fails; nil if it is right.
    private func refusal(
        device key: String, product: String, _ clientID: String, _ password: [UInt8]
    ) -> String? {
        guard let secret = secrets[DeviceName(product: product, key: key)] else {
            return "the device \(Self.quoted(key)) is unknown or has no secret"
        }
        let client = ClientID(clientID)
        guard client.hasSignature else {
            return "wrong password: a device logs in by signature, and the client id names none"
        }
        return refusal(
            client, password, modes: ["2"], deviceKey: key, product: product, secret: secret)
    }

    /// Why a signature fails; nil if it is right.
    private func refusal(
        _ client: ClientID, _ password: [UInt8], modes: Set<String>, deviceKey: String, product: String,
        secret: String
    ) -> String? {
        guard let mode = client.secureMode else { return "the client id names no securemode" }
        guard mode != "3" else { return "secure mode 3 (dynamic activation) is not supported" }
        guard modes.contains(mode) else {
            let known = modes.sorted().joined(separator: " or ")
            return "secure mode \(Self.quoted(mode)) is not supported; use \(known)"
        }
        guard let name = client.signMethod else { return "the client id names no signmethod" }
        guard let method = Signature.Method(named: name) else {
            return "the signmethod \(Self.quoted(name)) is not supported; use sha256, sha1 or md5"
        }
        guard let timestamp = client.timestamp else { return "the client id names no timestamp" }
        guard !secret.isEmpty else { return "there is no secret to check the signature with" }
        let signature = Signature(
            clientID: client.signed, deviceKey: deviceKey, productKey: product, timestamp: timestamp,
            secret: secret, method: method)
        guard let signature else { return "this machine's libcrypto refuses \(method.rawValue)" }
        guard signature.matches(password) else {
            return "wrong signature (secure mode \(mode), \(method.rawValue))"
        }
        return nil
    }

    /// A client's text in quotes, cut to 64 characters.
    private static func quoted(_ text: String) -> String {
        "\"\(text.prefix(64))\(text.count > 64 ? "…" : "")\""
    }
}
