// Signature.swift — EnOS signatures, and the digests of the service's own login, by libcrypto. No other file
// imports it.
//
// Invariants:
// - A signature is a plain digest, although its names suggest an HMAC: that is what EnOS clients send.
// - The time of a comparison does not depend on where the two texts differ.

import CCrypto

/// The password that an EnOS client computes.
public struct Signature: Hashable, Sendable {
    /// The digest a signature is made with.
    public enum Method: String, Hashable, Sendable, CaseIterable {
        case sha256
        case sha1
        case md5

        /// The method that a client names, in any case, with or without "hmac"; nil for an unknown one.
        public init?(named name: String) {
            let name = name.lowercased()
            self.init(rawValue: name.hasPrefix("hmac") ? String(name.dropFirst(4)) : name)
        }
    }

    /// The raw bytes of the digest.
    public let digest: [UInt8]

    /// Computes the signature of a login; nil if libcrypto refuses the digest (MD5 may be switched off).
    ///
    /// - Parameters:
    ///   - cleanSession: Of a sub-device whose gateway signs this member too; nil: it is no part of the signature.
    ///   - clientID: The part of the client id before the first `|`.
    ///   - deviceKey: The device's key, or `%channel%`.
    ///   - productKey: The product's key.
    ///   - timestamp: The text that the client sent.
    ///   - secret: The secret of the device or of the product.
    public init?(
        cleanSession: String? = nil, clientID: String, deviceKey: String, productKey: String,
        timestamp: String, secret: String, method: Method
    ) {
        let content =
            (cleanSession.map { "cleanSession\($0)" } ?? "")
            + "clientId\(clientID)deviceKey\(deviceKey)productKey\(productKey)timestamp\(timestamp)\(secret)"
        guard let digest = Self.digest(of: Array(content.utf8), by: method) else { return nil }
        self.digest = digest
    }

    /// Whether a password is this signature in hex digits, upper or lower case.
    public func matches(_ password: [UInt8]) -> Bool {
        let wanted = hexadecimal
        // To lower case: A–F differ from a–f in one bit, which the digits 0–9 have set anyway.
        return SecretText.isEqual(password.map { $0 | 0x20 }, wanted)
            && password.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x46).contains($0 & 0xDF) }
    }

    /// The password that a client sends: lower-case hex digits, as the EnOS SDKs do for sha256.
    public var password: String { String(decoding: hexadecimal, as: UTF8.self) }

    private var hexadecimal: [UInt8] {
        digest.flatMap { byte in [Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 0xF)]] }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func digest(of bytes: [UInt8], by method: Method) -> [UInt8]? {
        let algorithm =
            switch method {
            case .sha256: EVP_sha256()
            case .sha1: EVP_sha1()
            case .md5: EVP_md5()
            }
        var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &result, &count, algorithm, nil) == 1 else { return nil }
        return Array(result.prefix(Int(count)))
    }
}

/// Compares secrets without revealing by its time where they differ.
enum SecretText {
    /// Whether two texts are equal.
    ///
    /// Looks at all of `given`, wherever they differ.
    static func isEqual(_ given: [UInt8], _ secret: [UInt8]) -> Bool {
        var difference = given.count ^ secret.count
        for (index, byte) in given.enumerated() {
            difference |= Int(byte ^ (index < secret.count ? secret[index] : 0xFF))
        }
        return difference == 0
    }
}

/// A digest that only those who have a secret can make.
enum KeyedDigest {
    /// The HMAC-SHA256 of a text; nil if libcrypto refuses it.
    static func sha256(_ text: String, secret: String) -> [UInt8]? {
        let (key, bytes) = (Array(secret.utf8), Array(text.utf8))
        var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard
            HMAC(EVP_sha256(), key, Int32(clamping: key.count), bytes, bytes.count, &result, &count) != nil
        else { return nil }
        return Array(result.prefix(Int(count)))
    }

    /// Lower-case hex digits of bytes.
    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }
    }
}
