// ServiceLogin.swift — how the service logs in at the broker, and what the broker must answer.

import VarveAccess
import VarveFile
import VarveIntegration

/// The service's login.
enum ServiceLogin {
    /// The proof that the broker has to give.
    ///
    /// - Parameters:
    ///   - service: The secret that stands in the credentials file.
    ///   - place: Where the broker is.
    ///   - file: The credentials file, which the broker's plugin reads.
    ///   - heldBytes: The most that a broker sends before its answer: what waited there.
    static func proof(
        _ service: Credentials.Service, place: String, file: String, heldBytes: Int
    ) -> BrokerProof {
        let begin: @Sendable (String) -> BrokerProof.Exchange? = { clientID in
            guard
                let proof = ServiceProof(
                    secret: service.password, clientID: clientID,
                    seconds: SystemClock.nanoseconds() / 1_000_000_000, nonce: ServiceProof.freshNonce()),
                let answer = proof.answer(secret: service.password)
            else { return nil }
            return BrokerProof.Exchange(password: proof.password, answer: answer)
        }
        return BrokerProof(
            topic: ServiceProof.topic, heldBytes: heldBytes,
            remedy:
                "it must run Varve's plugin with \(file): give the mosquitto at \(place) the configuration that "
                + "varve serve --broker external --print-broker-config prints",
            begin: begin)
    }
}
