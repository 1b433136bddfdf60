// Secret.swift — secrets for products, devices and channels that were given none, and those that were replaced.

public import VarveModel

/// A secret that was replaced, and may be used until a time.
public struct PreviousSecret: Hashable, Sendable {
    /// The replaced secret.
    public var secret: String
    /// From this time on it is not accepted any more.
    public var validUntil: Timestamp

    /// Takes both as they are.
    public init(secret: String, validUntil: Timestamp) {
        self.secret = secret
        self.validUntil = validUntil
    }
}

/// Makes random secrets.
enum Secret {
    /// 32 hexadecimal digits: 128 bits of the system's cryptographic random generator.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        var digits: [UInt8] = []
        digits.reserveCapacity(32)
        for _ in 0..<2 {
            var bits = generator.next()
            for _ in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: bits & 15)
                digits.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
                bits >>= 4
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
