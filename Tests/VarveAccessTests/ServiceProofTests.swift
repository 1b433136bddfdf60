// ServiceProofTests.swift — the service's login and the plugin's answer hold only with the secret, and only
// once.

import Testing
import VarveAccess

@Suite struct ServiceProofTests {
    private static let nonce = "000102030405060708090a0b0c0d0e0f"

    private func proof(
        secret: String = "sp", clientID: String = "varve-service", seconds: Int64 = 1_700_000_000,
        nonce: String = Self.nonce
    ) throws -> ServiceProof {
        try #require(ServiceProof(secret: secret, clientID: clientID, seconds: seconds, nonce: nonce))
    }

    @Test("login and answer are HMAC-SHA256 of what they are for, as another program computes it")
    func knownDigests() throws {
        let proof = try proof()
        #expect(
            proof.password == "varve1:1700000000:\(Self.nonce):"
                + "8fd62ae7fbed778752a400d58793488d4ee920dbdab68ba89c99990f3a622620")
        #expect(
            String(decoding: try #require(proof.answer(secret: "sp")), as: UTF8.self)
                == "26959954ec822f5b778484a05930991799a012adaa4babbcdde6a5c3e5a3e111")
    }

    @Test("a login is valid only for its secret, client id, time and nonce, and is read back from its text")
    func binding() throws {
        let read = try #require(ServiceProof(password: Array(try proof().password.utf8)))
        #expect(try read == proof())
        #expect(read.isMade(secret: "sp", clientID: "varve-service"))
        #expect(!read.isMade(secret: "sP", clientID: "varve-service"))
        #expect(!read.isMade(secret: "sp", clientID: "varve-servic"))
        let parts = try proof().password.split(separator: ":").map(String.init)
        for (index, other) in [
            (1, "1700000001"), (2, "f" + parts[2].dropFirst()), (3, "0" + parts[3].dropFirst()),
        ] {
            var changed = parts
            changed[index] = other
            let password = Array(changed.joined(separator: ":").utf8)
            let forged = try #require(ServiceProof(password: password))
            #expect(!forged.isMade(secret: "sp", clientID: "varve-service"), "\(changed)")
        }
    }

    @Test("neither login nor answer holds the secret, and no two logins have the same answer")
    func secrecy() throws {
        let (first, second) = try (
            proof(secret: "topsecret", nonce: ServiceProof.freshNonce()),
            proof(secret: "topsecret", nonce: ServiceProof.freshNonce())
        )
        #expect(
            first.nonce != second.nonce
                && first.answer(secret: "topsecret") != second.answer(secret: "topsecret"))
        #expect(!first.password.contains("topsecret"))
        let answer = String(decoding: try #require(first.answer(secret: "topsecret")), as: UTF8.self)
        #expect(!answer.contains("topsecret") && !first.password.contains(answer))
    }

    @Test(
        "other texts are not taken for a login of the service",
        arguments: [
            "", "sp", "varve1", "varve1:1:\(nonce)", "varve1:1:\(nonce):00:", "varve2:1:\(nonce):00",
            "varve1:01:\(nonce):00", "varve1:x:\(nonce):00", "varve1:9223372036854775808:\(nonce):00",
            "varve1:1:\(nonce.dropLast()):00", "varve1:1:\(nonce.uppercased()):00",
        ])
    func noLogin(password: String) {
        #expect(ServiceProof(password: Array(password.utf8)) == nil)
    }

    @Test("a login is taken once, and within a minute of the plugin's clock in either direction")
    func memory() throws {
        var memory = ProofMemory()
        let now: Int64 = 1_700_000_000
        func refusal(_ age: Int64, _ nonce: String, at time: Int64 = now) throws -> String? {
            memory.refusal(of: try proof(seconds: now - age, nonce: nonce), now: time)
        }
        let nonces = (0..<8).map { _ in ServiceProof.freshNonce() }
        #expect(try refusal(0, nonces[0]) == nil)
        #expect(try refusal(0, nonces[0])?.contains("used before") == true)
        #expect(try refusal(60, nonces[1]) == nil && refusal(-60, nonces[2]) == nil)
        #expect(try refusal(61, nonces[3])?.contains("clock") == true)
        #expect(try refusal(-61, nonces[4])?.contains("clock") == true)
        // A login with a time in the future is remembered as long as it could be used again.
        #expect(try refusal(-60, nonces[2], at: now + 119)?.contains("used before") == true)
        #expect(try refusal(0, nonces[0], at: now + 61)?.contains("clock") == true)
        let extreme = try proof(seconds: .min, nonce: nonces[5])
        #expect(memory.refusal(of: extreme, now: now)?.contains("clock") == true)
    }
}
