// ServiceProof+Now.swift — logins of the service, made now or a chosen time ago.

import VarveAccess
import VarvePlatform

extension ServiceProof {
    /// A login that was made `age` seconds ago.
    init?(secret: String, clientID: String, age: Int64 = 0) {
        self.init(
            secret: secret, clientID: clientID, seconds: SystemClock.nanoseconds() / 1_000_000_000 - age,
            nonce: Self.freshNonce())
    }
}
