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

/// A device, by the bytes of its keys.
struct DeviceName: Hashable {
    let product: Name
    let key: Name

    init(product: String, key: String) {
        self.product = Name(product)
        self.key = Name(key)
    }
}

/// The accepted logins by user name.
public struct LoginDirectory: Sendable {
    private let service: Credentials.Service?
    private var channels: [Name: Credentials.Channel]
    private var devices: [DeviceName: Credentials.Device]
    /// When replaced secrets and passwords stop being accepted, in their order.
    private var ends: [Int64]

    /// Indexes credentials; of two channels of a product, or two devices of a name, the later one counts.
    public init(_ credentials: Credentials) {
        service = credentials.service
        channels = Dictionary(credentials.channels.map { (Name($0.product), $0) }) { $1 }
        devices = Dictionary(
            credentials.devices.map { (DeviceName(product: $0.product, key: $0.key), $0) }
        ) { $1 }
        ends = Self.ends(of: channels)
    }

    private static func ends(of channels: [Name: Credentials.Channel]) -> [Int64] {
        channels.values.flatMap { [$0.replacedSecret, $0.replacedPassword] }
            .compactMap { $0?.validUntil }.sorted()
    }

    /// Takes a change over.
    mutating func apply(_ change: CredentialsChange) {
        for channel in change.channels { channels[Name(channel.product)] = channel }
        for device in change.devices {
            devices[DeviceName(product: device.product, key: device.key)] = device
        }
        for device in change.removed {
            devices[DeviceName(product: device.product, key: device.key)] = nil
        }
        if !change.channels.isEmpty { ends = Self.ends(of: channels) }
    }

    /// The channels and devices as texts, in no order.
    var entries: [String] { channels.values.map { "\($0)" } + devices.values.map { "\($0)" } }

    /// Whether a replaced secret or password stopped being accepted after `earlier` and not after `now`, both in
    /// nanoseconds since 1970.
    public func hasEnd(after earlier: Int64, notAfter now: Int64) -> Bool {
        ends.contains { $0 > earlier && $0 <= now }
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
        case .device(let product, let key), .activation(let product, let key):
            channels[Name(product)]?.isEnabled == true
                && devices[DeviceName(product: product, key: key)] != nil
        }
    }

    /// Why the login of a client that is logged in would be refused by now; nil if it would be accepted.
    ///
    /// The client of an activation may stay after it.
    public func refusal(ofLoggedIn role: Role, _ attempt: LoginAttempt, now: Int64) -> String? {
        guard admits(role) else { return "its channel or device is gone or disabled" }
        switch role {
        case .service, .activation: return nil
        case .channel, .device:
            guard case .refused(let reason, _, _) = decide(attempt, now: now) else { return nil }
            return reason
        }
    }

    /// Decides on a login.
    ///
    /// The caller must check the service's login with `ProofMemory` as well.
    ///
    /// - Parameter now: Nanoseconds since 1970. Without it, replaced secrets and passwords are not accepted.
    public func decide(_ attempt: LoginAttempt, now: Int64 = .max) -> LoginDecision {
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
        let client = ClientID(attempt.clientID)
        let login = Login(client: client, password: password, channel: channel, now: now)
        var accepted = role
        let reason: String?
        switch role {
        case .device(_, let key) where client.secureMode == Self.activationMode:
            accepted = .activation(product: product, key: key)
            reason = refusal(activationOf: key, login)
        case .device(_, let key): reason = refusal(device: key, login)
        default: reason = refusal(channel: login)
        }
        return (reason ?? Self.refusal(compression: client.compression)).map(refuse)
            ?? .accepted(accepted, channel: channel.name)
    }

    /// Why payloads cannot be compressed as the client id announces; nil if they can.
    private static func refusal(compression: String?) -> String? {
        guard let compression, !compressions.contains(compression) else { return nil }
        return "the compression \(quoted(compression)) is not supported; use GZIP, LZ4 or none"
    }

    private static let compressions: Set<String> = ["", "DEFAULT", "NONE", "GZIP", "LZ4"]
    private static let activationMode = "3"

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

    /// A login of a channel or device.
    private struct Login {
        var client: ClientID
        var password: [UInt8]
        var channel: Credentials.Channel
        var now: Int64

        /// A secret with the one that it replaced, and whether each is accepted now.
        func secrets(_ current: String, _ old: Credentials.Replaced?) -> [(text: String, isAccepted: Bool)] {
            [(current, true)] + (old.map { [($0.secret, now < $0.validUntil)] } ?? [])
        }
    }

    /// Why a channel's login fails; nil if it is right.
    private func refusal(channel login: Login) -> String? {
        let channel = login.channel
        for (password, isAccepted) in login.secrets(channel.password, channel.replacedPassword)
        where !password.isEmpty && SecretText.isEqual(login.password, Array(password.utf8)) {
            return isAccepted ? nil : "the password was replaced, and is not accepted any more"
        }
        guard login.client.hasSignature else {
            return "wrong password: it is not the channel's, and the client id names no signature"
        }
        return refusal(
            login, modes: ["2", "4"], deviceKey: Role.channelKey,
            login.secrets(channel.productSecret, channel.replacedSecret))
    }

    /// Why a device's login fails; nil if it is right.
    private func refusal(device key: String, _ login: Login) -> String? {
        guard let device = devices[DeviceName(product: login.channel.product, key: key)] else {
            return "the device \(Self.quoted(key)) is unknown or has no secret"
        }
        guard login.client.hasSignature else {
            return "wrong password: a device logs in by signature, and the client id names none"
        }
        return refusal(login, modes: ["2", "3"], deviceKey: key, [(device.secret, true)])
    }

    /// Why a device may not be told its secret; nil if it may.
    private func refusal(activationOf key: String, _ login: Login) -> String? {
        let channel = login.channel
        guard let device = devices[DeviceName(product: channel.product, key: key)] else {
            return "the device \(Self.quoted(key)) is unknown or has no secret"
        }
        let reason = refusal(
            login, modes: [Self.activationMode], deviceKey: key,
            login.secrets(channel.productSecret, channel.replacedSecret))
        if let reason { return reason }
        return device.isActivated
            ? "the device \(Self.quoted(key)) was activated before: allow it once more with varve device reset"
            : nil
    }

    /// Why a signature fails; nil if it is right.
    private func refusal(
        _ login: Login, modes: Set<String>, deviceKey: String, _ secrets: [(text: String, isAccepted: Bool)]
    ) -> String? {
        let client = login.client
        guard let mode = client.secureMode else { return "the client id names no securemode" }
        guard modes.contains(mode) else {
            let known = modes.sorted().joined(separator: " or ")
            return "secure mode \(Self.quoted(mode)) is not one of this login; use \(known)"
        }
        guard let name = client.signMethod else { return "the client id names no signmethod" }
        guard let method = Signature.Method(named: name) else {
            return "the signmethod \(Self.quoted(name)) is not supported; use sha256, sha1 or md5"
        }
        guard let timestamp = client.timestamp else { return "the client id names no timestamp" }
        guard secrets.contains(where: { !$0.text.isEmpty }) else {
            return "there is no secret to check the signature with"
        }
        for (secret, isAccepted) in secrets where !secret.isEmpty {
            let signature = Signature(
                clientID: client.signed, deviceKey: deviceKey, productKey: login.channel.product,
                timestamp: timestamp, secret: secret, method: method)
            guard let signature else { return "this machine's libcrypto refuses \(method.rawValue)" }
            if signature.matches(login.password) {
                return isAccepted
                    ? nil : "the secret of the signature was replaced, and is not accepted any more"
            }
        }
        return "wrong signature (secure mode \(mode), \(method.rawValue))"
    }

    /// A client's text in quotes, cut to 64 characters.
    private static func quoted(_ text: String) -> String {
        "\"\(text.prefix(64))\(text.count > 64 ? "…" : "")\""
    }
}
