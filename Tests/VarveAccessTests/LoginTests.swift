// LoginTests.swift — client ids, signatures and the decision on a login.

import Testing
import VarveAccess
import VarveChannel

@Suite struct ClientIDTests {
    @Test("everything before the first bar is signed, braces and commas included")
    func signedPart() {
        let client = ClientID(
            "pk{ip=10.0.0.5,version=0.2,compress=gzip}|securemode=4, signmethod=SHA256 ,timestamp=1.5|")
        #expect(client.signed == "pk{ip=10.0.0.5,version=0.2,compress=gzip}")
        #expect(client.secureMode == "4")
        #expect(client.signMethod == "SHA256")
        #expect(client.timestamp == "1.5")
        #expect(client.compression == "GZIP")
    }

    @Test(
        "any other text is a client id without signature",
        arguments: ["", "|", "a", "a||b", "a|=,=x,,|", "{|}"])
    func plain(text: String) {
        let client = ClientID(text)
        #expect(!client.hasSignature)
        #expect(client.compression == nil)
    }
}

@Suite struct SignatureTests {
    private struct Vector {
        var clientID, deviceKey, productKey, secret: String
        var method: Signature.Method
        var hex: String
    }

    /// The first follows the method in the EnOS documents, the second is printed there, and the third is a
    /// channel's.
    private let vectors = [
        Vector(
            clientID: "123456", deviceKey: "test", productKey: "654321", secret: "abcdefg", method: .sha256,
            hex: "B99032D49C706F7B27B22AB5CD2DD3C56A31E1BCBBC83BA0A2A6BB3272FBB166"),
        Vector(
            clientID: "123456", deviceKey: "tPbZGCdmaE", productKey: "KV315idW",
            secret: "M3yy874uGY8INjEGddTR",
            method: .sha1, hex: "E42C1186C3BFFE98E1EA8AB320CD800D579212AA"),
        Vector(
            clientID: "pKdemo01", deviceKey: "%channel%", productKey: "pKdemo01", secret: "pSecret01",
            method: .sha256, hex: "a889878e8fc362b306aefc637e87a5beedb08b4b0e22800a2500bdead1f76c1a"),
    ]

    @Test("the known signatures come out, in either case of hex digits")
    func known() throws {
        for vector in vectors {
            let signature = try #require(
                Signature(
                    clientID: vector.clientID, deviceKey: vector.deviceKey, productKey: vector.productKey,
                    timestamp: "1548753362502", secret: vector.secret, method: vector.method))
            #expect(signature.matches(Array(vector.hex.lowercased().utf8)))
            #expect(signature.matches(Array(vector.hex.uppercased().utf8)))
            #expect(!signature.matches(Array(vector.hex.dropLast().utf8)))
            #expect(!signature.matches(Array((vector.hex + "0").utf8)))
            #expect(!signature.matches([]))
            for index in 0..<vector.hex.utf8.count {
                for mask: UInt8 in [0x01, 0x10, 0x40, 0x80] {
                    var bytes = Array(vector.hex.utf8)
                    bytes[index] ^= mask
                    #expect(!signature.matches(bytes))
                }
            }
        }
    }

    @Test("methods have two names each, in any case")
    func methods() {
        #expect(Signature.Method(named: "HmacSHA256") == .sha256)
        #expect(Signature.Method(named: "sha1") == .sha1)
        #expect(Signature.Method(named: "hmacMD5") == .md5)
        #expect(Signature.Method(named: "sha512") == nil)
        #expect(Signature.Method(named: "hmac") == nil)
    }
}

@Suite struct LoginDirectoryTests {
    private let directory = LoginDirectory(
        Credentials(
            service: .init(username: "varve-service", password: "sp"),
            channels: [
                .init(
                    product: "pk", name: "one", isEnabled: true, productSecret: "psecret", password: "fixed"),
                .init(product: "off", name: "two", isEnabled: false, productSecret: "s", password: "p"),
                .init(product: "bare", name: "three", isEnabled: true, productSecret: "", password: ""),
                .init(product: "a/b", name: "four", isEnabled: true, productSecret: "s", password: "p"),
            ],
            devices: [
                .init(product: "pk", key: "d1", secret: "dsecret"),
                .init(product: "pk", key: "integration", secret: "dsecret"),
                .init(product: "pk", key: "a&b", secret: "dsecret"),
                .init(product: "off", key: "d1", secret: "dsecret"),
            ]))

    private func decide(
        _ username: String?, _ password: String?, clientID: String = "any"
    ) -> LoginDecision {
        directory.decide(
            LoginAttempt(clientID: clientID, username: username, password: password.map { Array($0.utf8) }))
    }

    /// A password of the service, for one login.
    private func servicePassword(_ secret: String, clientID: String = "any") -> String? {
        ServiceProof(
            secret: secret, clientID: clientID, seconds: 1_700_000_000, nonce: ServiceProof.freshNonce())?
            .password
    }

    private func sign(_ product: String, _ key: String, _ secret: String, mode: String) -> LoginDecision {
        let digest = Signature(
            clientID: "c", deviceKey: key, productKey: product, timestamp: "1", secret: secret, method: .md5)
        let hex = (digest?.digest ?? []).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        return decide(
            "\(key)&\(product)", hex.joined(),
            clientID: "c|securemode=\(mode),signmethod=hmacmd5,timestamp=1|")
    }

    private func reason(_ decision: LoginDecision) -> String {
        guard case .refused(let reason, _, _) = decision else { return "accepted" }
        return reason
    }

    @Test("right logins are accepted, each in its role")
    func accepted() {
        #expect(decide("varve-service", servicePassword("sp")) == .accepted(.service, channel: nil))
        #expect(decide("%channel%&pk", "fixed") == .accepted(.channel(product: "pk"), channel: "one"))
        for mode in ["2", "4"] {
            #expect(
                sign("pk", "%channel%", "psecret", mode: mode)
                    == .accepted(.channel(product: "pk"), channel: "one"))
        }
        #expect(
            sign("pk", "d1", "dsecret", mode: "2")
                == .accepted(.device(product: "pk", key: "d1"), channel: "one"))
        #expect(
            sign("pk", "a&b", "dsecret", mode: "2")
                == .accepted(.device(product: "pk", key: "a&b"), channel: "one"))
    }

    @Test("each wrong login is refused with its reason, product and channel")
    func refused() {
        #expect(reason(decide(nil, "x")).contains("no user name"))
        #expect(reason(decide("nobody", "x")).contains("neither"))
        #expect(reason(decide("&pk", "x")).contains("neither"))
        let others = servicePassword("sp", clientID: "another")
        for password in ["", "sp", servicePassword("guess"), others, servicePassword("sp")?.uppercased()] {
            #expect(reason(decide("varve-service", password)).contains("wrong password"), "\(password ?? "")")
        }
        let unknown = reason(decide("%channel%&nope", "x"))
        #expect(
            unknown.hasPrefix("the product \"nope\" is unknown or has no channel: see varve product list"))
        #expect(
            decide("%channel%&off", "p")
                == .refused(reason: "the channel is disabled", product: "off", channel: "two"))
        #expect(reason(decide("%channel%&pk", nil)).contains("no password"))
        #expect(reason(decide("%channel%&pk", "fixe")).contains("wrong password"))
        #expect(reason(decide("%channel%&bare", "")).contains("no password"))
        #expect(reason(decide("d9&pk", "x")).contains("unknown or has no secret"))
        #expect(reason(decide("d1&pk", "fixed")).contains("by signature"))
        #expect(reason(decide("%channel%&a/b", "p")).contains("cannot be part of a topic"))
        #expect(reason(sign("pk", "integration", "dsecret", mode: "2")).contains("cannot be part of a topic"))
        #expect(reason(sign("off", "d1", "dsecret", mode: "2")).contains("disabled"))
        #expect(reason(sign("bare", "%channel%", "", mode: "4")).contains("no secret"))
        #expect(
            reason(sign("pk", "d1", "psecret", mode: "2")).hasPrefix(
                "wrong signature (secure mode 2, md5): it is made with the productSecret"))
        #expect(reason(sign("pk", "d1", "dsecret", mode: "4")).contains("use 2"))
        #expect(reason(sign("pk", "%channel%", "psecret", mode: "3")).contains("secure mode \"3\""))
        #expect(reason(decide("%channel%&pk", "x", clientID: "c|securemode=2|")).contains("signmethod"))
        #expect(
            reason(decide("%channel%&pk", "x", clientID: "c|securemode=2,signmethod=sha1|")).contains(
                "timestamp"))
        #expect(
            reason(decide("%channel%&pk", "x", clientID: "c|securemode=2,signmethod=crc,timestamp=1|"))
                .contains("\"crc\""))
    }

    @Test("the password of a product opens no other product, even one whose key is the same to Unicode")
    func alikeProducts() {
        let keys = ["caf\u{E9}", "cafe\u{301}"]
        let directory = LoginDirectory(
            Credentials(
                service: nil,
                channels: keys.map {
                    .init(
                        product: $0, name: "of \($0)", isEnabled: true, productSecret: "s",
                        password: "of \($0)")
                },
                devices: [.init(product: keys[0], key: keys[0], secret: "s")]))
        for username in keys {
            for password in keys {
                let decision = directory.decide(
                    LoginAttempt(
                        clientID: "c", username: "%channel%&\(username)",
                        password: Array("of \(password)".utf8)))
                let isSame = username.utf8.elementsEqual(password.utf8)
                #expect((reason(decision) == "accepted") == isSame, "\(decision)")
            }
        }
        #expect(directory.admits(.device(product: keys[0], key: keys[0])))
        #expect(!directory.admits(.device(product: keys[0], key: keys[1])))
        #expect(!directory.admits(.device(product: keys[1], key: keys[0])))
    }

    @Test("names are separated by bytes: a mark behind the separator does not join it")
    func marks() {
        #expect(Role(username: "d&\u{301}p") == .device(product: "\u{301}p", key: "d"))
        #expect(Role(username: "%channel%&\u{301}p") == .channel(product: "\u{301}p"))
    }

    @Test("what the clients of AWS add to a user name is left out")
    func clientMark() {
        let marks = ["?SDK=PythonV2&Version=0.36.1", "?SDK=CRT&Platform=Linux", "?SDK=", "?SDK=a?SDK=b&c"]
        for mark in marks {
            #expect(Role(username: "%channel%&wind" + mark) == .channel(product: "wind"), "\(mark)")
            #expect(Role(username: "d?1&wind?" + mark) == .device(product: "wind?", key: "d?1"), "\(mark)")
        }
        #expect(Role(username: "%channel%&wind?sdk=a") == .channel(product: "wind?sdk=a"))
        #expect(Role(username: "%channel%?SDK=&wind") == nil)
        let client = ClientID("c|\u{301}=1,securemode=2|")
        #expect(client.signed == "c" && client.secureMode == "2")
    }

    @Test("no reason contains a secret")
    func secrets() {
        for decision in [
            decide("%channel%&pk", "guess"), sign("pk", "d1", "psecret", mode: "2"),
            decide("varve-service", "guess"),
        ] {
            for secret in ["fixed", "psecret", "dsecret", "guess"] {
                #expect(!reason(decision).contains(secret))
            }
        }
    }
}
