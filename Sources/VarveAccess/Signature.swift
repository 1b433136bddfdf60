// Signature.swift — the password of an EnOS login: a digest over names and secret, by libcrypto.
//
// `clientId{…}deviceKey{…}productKey{…}timestamp{…}{secret}` in UTF-8, hashed plainly: the method names of EnOS say
// HMAC, its SDKs do not use it. Hexadecimal in any case.
//
// libcrypto and not a Swift package: mosquitto has loaded it already, and md5 and sha1 are needed to be compatible.

import CCrypto

/// Computes and compares signatures.
package enum Signature {
    /// The signature in lower-case hexadecimal, or nil if the library lacks the method.
    package static func of(
        clientID: String, device: String, product: String, timestamp: String, secret: String,
        _ method: SignMethod
    ) -> String? {
        let text = "clientId\(clientID)deviceKey\(device)productKey\(product)timestamp\(timestamp)\(secret)"
        return digest(Array(text.utf8), method)
    }

    /// Whether two texts are equal, in a time that depends on the length of the first only.
    package static func isEqual(_ expected: String, _ given: String) -> Bool {
        let expected = Array(expected.utf8)
        let given = Array(given.utf8)
        var difference = expected.count ^ given.count
        for index in expected.indices {
            difference |= Int(expected[index] ^ (index < given.count ? given[index] : 0))
        }
        return difference == 0
    }

    private static func digest(_ bytes: [UInt8], _ method: SignMethod) -> String? {
        let type =
            switch method {
            case .sha256: EVP_sha256()
            case .sha1: EVP_sha1()
            case .md5: EVP_md5()
            }
        var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &result, &count, type, nil) == 1 else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        let hex = result[..<Int(count)].flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: hex, as: UTF8.self)
    }
}
