// LoginProbe.swift — a public window on the service's login, for the package in Benchmarks/.
//
// See ColumnProbe.swift: no API, measurements only.

import VarveAccess
import VarvePlatform

/// Logs in at a broker in the service's place.
public enum LoginProbe {
    /// A password for one login of the service, with the secret that stands in the credentials file.
    public static func password(secret: String, clientID: String) -> String? {
        ServiceProof(
            secret: secret, clientID: clientID, seconds: SystemClock.nanoseconds() / 1_000_000_000,
            nonce: ServiceProof.freshNonce())?.password
    }
}
