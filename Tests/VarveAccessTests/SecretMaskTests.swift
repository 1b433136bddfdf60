// SecretMaskTests.swift — secrets are hidden wherever they stand in a text.

import Testing
import VarveAccess

@Suite struct SecretMaskTests {
    private let mask = SecretMask(
        Credentials(
            service: .init(username: "varve-service", password: "service-password"),
            channels: [
                .init(
                    product: "wind", name: "farm", isEnabled: true, productSecret: "windmill",
                    password: "windmills-turn"),
                .init(product: "sea", name: "off", isEnabled: false, productSecret: "short", password: ""),
            ],
            devices: [.init(product: "wind", key: "T1", secret: "ünder-pressure")]))

    @Test(
        "every secret is hidden wherever it stands, the longest of those that begin alike",
        arguments: [
            ("windmill", "[secret]"), ("a windmill.", "a [secret]."), ("windmills-turn", "[secret]"),
            ("windmillwindmills-turn", "[secret][secret]"), ("xünder-pressurex", "x[secret]x"),
            ("service-password|securemode=2|", "[secret]|securemode=2|"),
            ("windmil", "windmil"), ("indmills-turn", "indmills-turn"), ("short", "short"), ("", ""),
            ("wind&mill", "wind&mill"), ("windmills-turm", "[secret]s-turm"),
        ])
    func hidden(text: String, shown: String) { #expect(mask.masked(text) == shown) }

    @Test("a mask without secrets, or with short ones only, changes nothing")
    func nothing() {
        #expect(SecretMask().masked("windmill") == "windmill")
        #expect(
            SecretMask(secrets: [[], Array("seven77".utf8)]).masked("seven77 seven77") == "seven77 seven77")
    }

    @Test("ten thousand secrets are found, each of them, and nothing else")
    func many() {
        let secrets = (0..<10_000).map { "secret-\($0 * 7919 % 10_007)-x" }
        let mask = SecretMask(secrets: secrets.map { Array($0.utf8) })
        #expect(secrets.allSatisfy { mask.masked("<\($0)>") == "<[secret]>" })
        #expect(mask.masked("secret-10007-x") == "secret-10007-x")
    }
}
