// KeyedDigest.swift — HMAC-SHA256, by libcrypto.

import CCrypto

/// A digest that only those who have a secret can make.
enum KeyedDigest {
    /// The digest of a text; nil if libcrypto refuses it.
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
