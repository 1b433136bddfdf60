// LoginProbe.swift — a public view of the service's login, for the package in Benchmarks/.
//
// Like ColumnProbe.swift it is not an API, and only measurements use it.

import VarveAccess
import VarvePlatform

/// Makes logins to a broker in the service's place.
public enum LoginProbe {
    /// A password for one login of the service, made with the secret in the credentials file; nil if
    /// libcrypto refuses.
    public static func password(secret: String, clientID: String) -> String? {
        ServiceProof(
            secret: secret, clientID: clientID, seconds: SystemClock.nanoseconds() / 1_000_000_000,
            nonce: ServiceProof.freshNonce())?.password
    }
}
