// ConnectedProcessTests.swift — a child with one connection: started, talked to, ended.

import Testing
import VarvePlatform

@Suite struct ConnectedProcessTests {
    @Test("a child that runs is killed, and one that has ended is only reaped")
    func ends() throws {
        #expect(try ConnectedProcess("/bin/cat", environment: []).end() == "was ended by signal 9")
        let short = try ConnectedProcess("/bin/true", environment: [])
        // Its end of the connection closes with it.
        let deadline = SystemClock.monotonicNanoseconds() + 60_000_000_000
        var byte = [UInt8](repeating: 0, count: 1)
        let count = try byte.withUnsafeMutableBytes {
            try short.connection.receive(into: $0, until: deadline)
        }
        #expect(count == 0)
        #expect(short.end() == "ended with exit code 0")
    }

    @Test("a program that is missing cannot be started")
    func missing() {
        #expect(throws: LaunchFailure.self) { try ConnectedProcess("/nonexistent/program", environment: []) }
    }
}
