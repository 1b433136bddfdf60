// EncryptionFailureTests.swift — what lines of libmosquitto and results of OpenSSL mean.

import Testing

@testable import VarveMQTT

@Suite struct EncryptionFailureTests {
    private static let prefix = "OpenSSL Error[0]: error:0A000086:SSL routines::"

    @Test(
        "a line and the result of checking the certificate give the reason",
        arguments: [
            ("certificate verify failed", 20, EncryptionFailure.unknownAuthority),
            ("certificate verify failed", 18, .unknownAuthority), ("certificate verify failed", 10, .expired),
            ("certificate verify failed", 9, .notYetValid), ("certificate verify failed", 62, .wrongName),
            ("wrong version number", 0, .notEncrypted), ("unexpected eof while reading", 0, .notEncrypted),
            ("tlsv13 alert certificate required", 0, .certificateWanted),
            ("sslv3 alert handshake failure", 0, .certificateWanted),
            ("tlsv1 alert unknown ca", 0, .certificateRefused("unknown ca")),
            ("sslv3 alert certificate expired", 0, .certificateRefused("certificate expired")),
            ("tlsv1 alert internal error", 0, .other("tlsv1 alert internal error")),
        ])
    func meanings(text: String, result: Int, failure: EncryptionFailure) {
        #expect(EncryptionFailure(line: Self.prefix + text, verification: result) == failure)
    }

    @Test("a wrong name is told by the library; the reason why a file cannot be used is in the next line")
    func library() {
        let name = EncryptionFailure(line: "Error: host name verification failed.", verification: 0)
        #expect(name == .wrongName)
        let next = EncryptionFailure(line: Self.prefix + "certificate verify failed", verification: 1)
        #expect(name.followed(by: next) == .wrongName)
        let file = EncryptionFailure(line: "Error: Unable to load client key file \"k\".", verification: 0)
        #expect(file == .unusableFile("unable to load client key file \"k\""))
        let why = EncryptionFailure(line: Self.prefix + "key values mismatch", verification: 0)
        #expect(
            file.followed(by: why)
                == .unusableFile("unable to load client key file \"k\" (key values mismatch)"))
        #expect(file.followed(by: why).followed(by: why) == file.followed(by: why))
    }
}
