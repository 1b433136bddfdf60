// AcknowledgementOrderTests.swift — no acknowledgement and no reply is sent before the sync of its batch.
//
// strace records the system calls of the running service, and their order is the proof.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite(.enabled(if: Tracing.isAllowed, "strace may not attach here"))
    struct AcknowledgementOrderTests {
        @Test("a PUBACK leaves only after fdatasync of the WAL, and so does the bundle of answers")
        func order() throws {
            let sandbox = try Sandbox()
            for command in [
                ["model", "create", "m", "--point", "p:double"], ["product", "create", "k", "--model", "m"],
                ["device", "create", "d", "--product", "k"],
            ] {
                #expect(try sandbox.varve(command).code == 0)
            }
            let service = try RunningService(in: sandbox)
            let channel = try DemoChannel("traced", product: "k", in: sandbox)
            let trace = "\(sandbox.path)/trace"
            let strace = try sandbox.start(
                program: [
                    "strace", "-f", "-y", "-xx", "-s", "32", "-e",
                    "trace=read,recvfrom,write,sendto,fdatasync",
                    "-o", trace, "-p", String(try #require(service.identifier)),
                ])
            try eventually("strace is attached") { strace.errors.contains("attached") }
            let messages = 40
            for number in 1...messages {
                let payload = """
                    {"id":\(number),"method":"integration.measurepoint.post","params":[{"deviceKey":"d",\
                    "measurepoints":{"p":\(number)},"time":\(1_704_067_200_000 + number)}]}
                    """
                let sent = try sandbox.start(
                    program: [
                        "mosquitto_pub", "-h", "127.0.0.1", "-p", String(service.port), "-q", "1",
                        "-u", channel.username, "-P", channel.password,
                        "-t", "/sys/k/integration/measurepoint/post", "-m", payload,
                    ]
                ).wait()
                #expect(sent.code == 0, "\(sent.errors)")
            }
            try eventually("all messages are stored") {
                try sandbox.varve("stats", "--json").object()["samples"] as? Int == messages
            }
            service.stop()
            _ = strace.wait()
            let calls = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").map(
                String.init)
            try check(calls, messages)
        }

        /// Follows the thread that acknowledges: a message that was read is unsafe until the WAL is synced.
        private func check(_ calls: [String], _ messages: Int) throws {
            func thread(_ call: String) -> Substring { call.prefix { $0 != " " } }
            let ingest = try #require(calls.first { Packet($0) == .acknowledgement }.map(thread))
            var unsafe = 0
            var acknowledged = 0
            var replies = 0
            for call in calls where thread(call) == ingest {
                if call.contains("fdatasync("), call.contains(Hexadecimal.wal), !call.contains("unfinished") {
                    unsafe = 0
                }
                if call.contains("fdatasync resumed") { unsafe = 0 }
                switch Packet(call) {
                case .message: unsafe += 1
                case .acknowledgement:
                    #expect(unsafe == 0, "acknowledged before the sync: \(call)")
                    acknowledged += 1
                case .reply:
                    #expect(unsafe == 0, "answered before the sync: \(call)")
                    replies += 1
                case nil: break
                }
            }
            // Several messages may have shared a commit, and so a bundle of answers.
            #expect(acknowledged >= messages && replies > 0, "the trace is whole")
        }
    }
}

/// An MQTT packet, recognised by the first byte that a call read or wrote.
private enum Packet {
    case message
    case acknowledgement
    case reply

    init?(_ call: String) {
        let isRead = call.contains(" read(") || call.contains(" recvfrom(")
        let isWrite = call.contains(" write(") || call.contains(" sendto(")
        guard call.contains(Hexadecimal.socket),
            let start = call.range(of: #", "\x"#)
        else { return nil }
        let byte = UInt8(call[start.upperBound...].prefix(2), radix: 16) ?? 0
        switch (isRead, isWrite, byte >> 4) {
        case (true, _, 3): self = .message
        case (_, true, 4): self = .acknowledgement
        // Only bundles of answers count, not the reports to the broker's plugin.
        case (_, true, 3) where call.contains(Hexadecimal.replies): self = .reply
        default: return nil
        }
    }
}

/// Whether strace may be used here.
private enum Tracing {
    static let isAllowed: Bool = {
        guard let strace = Installation.find("strace"), let sandbox = try? Sandbox() else { return false }
        return (try? sandbox.start(program: [strace, "-qq", "-o", "/dev/null", "true"]).wait().code) == 0
    }()
}

/// What strace -xx prints for parts of paths.
private enum Hexadecimal {
    static let socket = of("socket:")
    static let wal = of("/wal/")
    static let replies = of("varve/replies")

    private static func of(_ text: String) -> String {
        text.utf8.map { "\\x" + String($0, radix: 16) }.joined()
    }
}
