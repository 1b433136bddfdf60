// BrokerURLTests.swift — user, password, host and port of `--url`.

import Testing
import VarveChannel

@testable import varve

@Suite struct BrokerURLTests {
    @Test("user and password are percent-decoded, and a channel's user name may be typed as it is")
    func login() throws {
        for user in ["%25channel%25&wind", "%channel%&wind", "%25channel%25%26wind"] {
            let url = try BrokerURL("mqtt://\(user):p%40ss%3a%2F%@broker.example:1884")
            #expect(url.username == "%channel%&wind" && url.password == "p@ss:/%")
            #expect(url.channelProduct == "wind")
            #expect(url.address == BrokerAddress(host: "broker.example", port: 1884))
        }
        let plain = try BrokerURL("mqtt://user@host")
        #expect(plain.username == "user" && plain.password == nil && plain.channelProduct == nil)
    }

    @Test("without a port it is the standard one; an IPv6 address is written in brackets")
    func address() throws {
        #expect(try BrokerURL("mqtt://host").address == BrokerAddress(host: "host", port: 11883))
        #expect(try BrokerURL("MQTT://h:1/").address == BrokerAddress(host: "h", port: 1))
        #expect(try BrokerURL("mqtt://u:a@b@[::1]:5").address == BrokerAddress(host: "::1", port: 5))
        #expect(try BrokerURL("mqtt://[::1]").address == BrokerAddress(host: "::1", port: 11883))
        #expect(try BrokerURL("mqtt://u:a@b@h").password == "a@b")
    }

    @Test("mqtts:// means TLS and has a standard port of its own; so does mqtt:// where TLS is wanted")
    func encrypted() throws {
        #expect(try !BrokerURL("mqtt://host").isEncrypted)
        for url in [
            try BrokerURL("mqtts://u:p@host"), try BrokerURL("mqtt://u:p@host", wantsEncryption: true),
        ] {
            #expect(url.isEncrypted && url.address == BrokerAddress(host: "host", port: 18883))
            #expect(url.username == "u" && url.password == "p")
        }
        #expect(try BrokerURL("MQTTS://h:1").address == BrokerAddress(host: "h", port: 1))
    }

    @Test(
        "any other text is refused as a URL",
        arguments: [
            "", "host:1", "http://host", "mqtts://", "mqtts://host:0", "mqtt://", "mqtt://host:0",
            "mqtt://host:65536",
            "mqtt://host:x", "mqtt://:p@host", "mqtt://u:p@", "mqtt://u:%ff@host", "mqtt://u:%00@host",
        ])
    func refused(text: String) {
        #expect(throws: BrokerURL.Failure.self) { try BrokerURL(text) }
    }
}
