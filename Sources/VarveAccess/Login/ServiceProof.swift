// ServiceProof.swift — the service's login to the broker's plugin, and the plugin's answer to it.
//
// Both have the secret from the credentials file, which nobody else can read. The service's password is
// `varve1:{seconds}:{nonce}:{hmac}`, with the HMAC over "service", the time, the nonce and the client id. The
// plugin answers with the HMAC over "broker" and the nonce. So each knows that the other has the secret, and
// nobody between them learns it.
//
// Invariants:
// - No password and no answer contains the secret.
// - A password is accepted once, and only for a minute (`ProofMemory`): seeing one does not help to log in.
// - An answer fits the nonce of one login: seeing one does not help to answer another login.
// - A live relay, which passes both on while they are made, is not noticed. Only TLS helps against that.

/// One login of the service.
public struct ServiceProof: Hashable, Sendable {
    /// When the login was made, in seconds since 1970.
    let seconds: Int64
    /// A text that no other login has: 32 hex digits.
    public let nonce: String
    private let digest: [UInt8]

    private static let version = "varve1"
    private static let nonceDigits = 32

    /// Makes a login; nil if libcrypto refuses the digest.
    public init?(secret: String, clientID: String, seconds: Int64, nonce: String) {
        guard let digest = Self.digest(secret, clientID, seconds, nonce) else { return nil }
        self.seconds = seconds
        self.nonce = nonce
        self.digest = digest
    }

    /// Reads a password; nil if the text does not have the form of a service login.
    public init?(password: [UInt8]) {
        let parts = String(decoding: password, as: UTF8.self)
            .split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == Self.version, let seconds = Int64(parts[1]),
            String(seconds) == parts[1], parts[2].utf8.count == Self.nonceDigits,
            parts[2].utf8.allSatisfy(Self.isDigit)
        else { return nil }
        self.seconds = seconds
        nonce = String(parts[2])
        digest = Array(parts[3].utf8)
    }

    /// Makes a nonce that was never used: 128 bits of the system's random generator.
    public static func freshNonce() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<(nonceDigits / 2)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return String(decoding: KeyedDigest.hexadecimal(bytes), as: UTF8.self)
    }

    /// The password to log in with.
    public var password: String {
        "\(Self.version):\(seconds):\(nonce):\(String(decoding: digest, as: UTF8.self))"
    }

    /// Whether somebody who has the secret made it for this client id.
    ///
    /// Does not check its age.
    public func isMade(secret: String, clientID: String) -> Bool {
        guard let wanted = Self.digest(secret, clientID, seconds, nonce) else { return false }
        return SecretText.isEqual(digest, wanted)
    }

    /// The plugin's answer; nil if libcrypto refuses the digest.
    public func answer(secret: String) -> [UInt8]? {
        KeyedDigest.sha256("broker\n\(nonce)", secret: secret).map(KeyedDigest.hexadecimal)
    }

    private static func digest(
        _ secret: String, _ clientID: String, _ seconds: Int64, _ nonce: String
    ) -> [UInt8]? {
        // Neither the number nor the nonce holds a line feed, so two logins never give the same text.
        KeyedDigest.sha256("service\n\(seconds)\n\(nonce)\n\(clientID)", secret: secret)
            .map(KeyedDigest.hexadecimal)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}

/// Remembers the logins of the service that the plugin has seen.
public struct ProofMemory: Sendable {
    /// The most seconds between a login's time and the plugin's clock.
    static let seconds: Int64 = 60
    /// The most logins remembered.
    ///
    /// The service logs in at most ten times a second.
    private static let limit = 4096

    /// The time of each login, by its nonce.
    private var seen: [String: Int64] = [:]

    /// Makes an empty memory.
    public init() {}

    /// Accepts a login whose digest is right, once.
    ///
    /// - Parameter now: Seconds since 1970.
    /// - Returns: Why it is refused; nil if it is accepted.
    public mutating func refusal(of proof: ServiceProof, now: Int64) -> String? {
        let (age, isOutside) = now.subtractingReportingOverflow(proof.seconds)
        guard !isOutside, (-Self.seconds...Self.seconds).contains(age) else {
            return
                "the service's login is more than \(Self.seconds) s from the broker's clock: set the clocks"
        }
        seen = seen.filter { now - $0.value <= Self.seconds }
        guard seen[proof.nonce] == nil else { return "this login of the service was used before" }
        guard seen.count < Self.limit else { return "the service logs in too often" }
        seen[proof.nonce] = proof.seconds
        return nil
    }
}
