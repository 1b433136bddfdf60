// LoginFormsTests.swift — replaced secrets, activations, and the compression that a client announces.

import Testing
import VarveAccess
import VarveChannel

@Suite struct LoginFormsTests {
    /// A secret that was replaced is accepted before this time.
    private static let end: Int64 = 1_700_000_000_000_000_000
    private let directory = LoginDirectory(
        Credentials(
            service: nil,
            channels: [
                .init(
                    product: "pk", name: "one", isEnabled: true, productSecret: "new", password: "newword",
                    replacedSecret: .init(secret: "old", validUntil: end),
                    replacedPassword: .init(secret: "oldword", validUntil: end)),
                .init(product: "other", name: "two", isEnabled: true, productSecret: "o", password: "p"),
            ],
            devices: [
                .init(product: "pk", key: "d1", secret: "dsecret"),
                .init(product: "pk", key: "d2", secret: "dsecret", isActivated: true),
            ]))

    private func fixed(_ password: String, now: Int64, id: String = "c") -> String {
        outcome(
            directory.decide(
                LoginAttempt(clientID: id, username: "%channel%&pk", password: Array(password.utf8)), now: now
            ))
    }

    private func signed(
        _ key: String, _ secret: String, mode: String, now: Int64 = end - 1, id: String = "c",
        product: String = "pk"
    ) throws -> LoginDecision {
        let signature = try #require(
            Signature(
                clientID: id, deviceKey: key, productKey: product, timestamp: "1", secret: secret,
                method: .sha256))
        return directory.decide(
            LoginAttempt(
                clientID: "\(id)|securemode=\(mode),signmethod=sha256,timestamp=1|",
                username: "\(key)&\(product)", password: Array(signature.password.utf8)), now: now)
    }

    private func outcome(_ decision: LoginDecision) -> String {
        switch decision {
        case .accepted: "accepted"
        case .refused(let reason, _, _): reason
        }
    }

    @Test(
        "a replaced password or secret is accepted until its end, beside its successor, and refused from then on"
    )
    func rotation() throws {
        for now in [Self.end - 1, Self.end, Int64.max] {
            #expect(fixed("newword", now: now) == "accepted")
            #expect(outcome(try signed("%channel%", "new", mode: "4", now: now)) == "accepted")
        }
        #expect(fixed("oldword", now: Self.end - 1) == "accepted")
        #expect(outcome(try signed("%channel%", "old", mode: "4")) == "accepted")
        for now in [Self.end, Int64.max] {
            #expect(fixed("oldword", now: now).contains("was replaced"))
            let refused = outcome(try signed("%channel%", "old", mode: "4", now: now))
            #expect(refused.contains("was replaced") && !refused.contains("old,"), "\(refused)")
        }
        let attempt = LoginAttempt(
            clientID: "c", username: "%channel%&pk", password: Array("oldword".utf8))
        #expect(
            outcome(directory.decide(attempt)).contains("was replaced"), "without a time none is accepted")
        #expect(
            directory.refusal(ofLoggedIn: .channel(product: "pk"), attempt, now: Self.end - 1) == nil)
        #expect(
            directory.refusal(ofLoggedIn: .channel(product: "pk"), attempt, now: Self.end)?
                .contains("was replaced") == true)
        #expect(directory.hasEnd(after: Self.end - 1, notAfter: Self.end))
        #expect(!directory.hasEnd(after: Self.end, notAfter: .max))
    }

    @Test("a wrong signature is refused with its cause, or at least with the secret that is wanted")
    func causes() throws {
        func channel(_ password: String) -> String {
            outcome(
                directory.decide(
                    LoginAttempt(
                        clientID: "c|securemode=4,signmethod=hmacsha256,timestamp=1|",
                        username: "%channel%&pk", password: Array(password.utf8)), now: 0))
        }
        let whole = try #require(
            Signature(
                clientID: "c|securemode=4,signmethod=hmacsha256,timestamp=1|", deviceKey: "%channel%",
                productKey: "pk", timestamp: "1", secret: "new", method: .sha256))
        #expect(channel(whole.password).contains("sign the part before the first |"))
        // Made by Python: hmac.new(b"new", b"clientIdcdeviceKey%channel%productKeypktimestamp1", "sha256").
        let hmac = "41c100df1c6586291fb0f261307ab1f39da967484ff7c8e35eeccb3924167ed6"
        #expect(channel(hmac).contains("it is an HMAC") && channel(hmac.uppercased()).contains("HMAC: make"))
        #expect(channel("guess").contains("sign with the productSecret; a signature is a plain digest"))
        for secret in ["new", "old"] {
            let reason = outcome(try signed("d1", secret, mode: "2"))
            #expect(reason.contains("made with the productSecret, and this login takes the deviceSecret"))
        }
        for reason in [
            outcome(try signed("d1", "dsecret", mode: "3")),
            outcome(try signed("%channel%", "dsecret", mode: "4", id: "d1")),
        ] {
            #expect(reason.contains("made with the deviceSecret, and this login takes the productSecret"))
        }
        #expect(outcome(try signed("d1", "guess", mode: "2")).contains("sign with the deviceSecret"))
    }

    @Test("a device that was not activated logs in with the secret of its product to be told its own, once")
    func activation() throws {
        #expect(
            try signed("d1", "new", mode: "3")
                == .accepted(.activation(product: "pk", key: "d1"), channel: "one"))
        #expect(outcome(try signed("d1", "old", mode: "3")) == "accepted")
        #expect(outcome(try signed("d1", "old", mode: "3", now: Self.end)).contains("was replaced"))
        #expect(outcome(try signed("d2", "new", mode: "3")).contains("varve device reset"))
        #expect(
            outcome(try signed("d2", "guess", mode: "3")).contains("wrong signature"),
            "only who knows the secret learns of the activation")
        #expect(outcome(try signed("d9", "new", mode: "3")).contains("unknown"))
        #expect(outcome(try signed("d1", "dsecret", mode: "3")).contains("wrong signature"))
        #expect(outcome(try signed("d1", "new", mode: "2")).contains("wrong signature"))
        #expect(outcome(try signed("%channel%", "new", mode: "3")).contains("use 2 or 4"))
        #expect(outcome(try signed("d1", "o", mode: "3", product: "other")).contains("unknown"))
        #expect(directory.admits(.activation(product: "pk", key: "d1")))
        #expect(!directory.admits(.activation(product: "pk", key: "d9")))
    }

    @Test("a compression that is not served is refused at the login, after the secret was checked")
    func compression() throws {
        for name in ["", "GZIP", "gzip", "Lz4", "DEFAULT", "none"] {
            let id = "c{ip=1.2.3.4,compress=\(name)}"
            #expect(fixed("newword", now: 0, id: id) == "accepted")
            #expect(outcome(try signed("%channel%", "new", mode: "4", id: id)) == "accepted", "\(name)")
        }
        for name in ["LZO", "lzo", "zstd", "GZIP2"] {
            let id = "c{compress=\(name),ip=1}"
            #expect(fixed("newword", now: 0, id: id).contains("\"\(name.uppercased())\" is not supported"))
            let refused = outcome(try signed("%channel%", "new", mode: "4", id: id))
            #expect(refused.contains("use GZIP, LZ4 or none"), "\(refused)")
            #expect(fixed("guess", now: 0, id: id).contains("wrong password"))
        }
    }
}
