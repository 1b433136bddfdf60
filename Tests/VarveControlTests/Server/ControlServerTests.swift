// ControlServerTests.swift — the service's answers to callers that break the rules, go away or are too many.

import Glibc
import Synchronization
import Testing
import VarveCodec
import VarveModel
import VarvePlatform
import VarveTestSupport

@testable import VarveControl

@Suite struct ControlServerTests {
    @Test("a connection that does not begin with a greeting gets the reason and is closed")
    func noGreeting() throws {
        let service = try TestService()
        for bytes in [
            ControlRequest.status.frame.writer.bytes, Array("GET / HTTP/1.1\r\n\r\n".utf8),
            frame(1, Array("NOTVARVE".utf8) + [1, 0]), frame(1), frame(200), [0, 0, 0, 0, 0],
        ] {
            let caller = try service.caller()
            try caller.send(bytes)
            #expect(try caller.lastFailure()?.kind == .notUnderstood, "\(bytes)")
        }
        #expect(try service.client().horizon() == 0)
    }

    @Test("another version learns which one runs and what to do, even if its greeting holds more")
    func otherVersion() throws {
        let service = try TestService()
        let caller = try service.caller()
        try caller.send(frame(1, ControlLimits.magic + [99, 0, 77, 78, 79]))
        let error = try #require(try caller.lastFailure())
        #expect(error.kind == .wrongVersion)
        #expect(error.reason.contains("9.8.7") && error.reason.contains("not 99"), "\(error)")
    }

    @Test("a damaged request ends its own connection with a reason, and no other")
    func damagedRequests() throws {
        let service = try TestService()
        let other = try service.client()
        let longName = [UInt8](repeating: 97, count: 2000)
        for bytes in [
            frame(0), frame(99), frame(2, [1]), frame(7), frame(7, [1, 97, 1, 98]),
            frame(7, [0xD0, 0x0F] + longName), frame(7, [1, 0xFF, 1, 97, 1, 97]), frame(8, [16, 0, 0, 0, 0]),
            frame(8, [0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), frame(9, [1, 2, 3]), frame(10, [2]),
            frame(12),
            frame(12, [1, 97, 1, 98, 0, 0, 0, 0, 0, 0, 0, 0, 2]),
            ControlRequest.hello(version: 1).frame.writer.bytes, [0xFF, 0xFF, 0xFF, 0x7F, 2],
        ] {
            let caller = try service.caller()
            try caller.greet()
            try caller.send(bytes)
            #expect(try caller.lastFailure()?.kind == .notUnderstood, "\(bytes.prefix(20))")
            #expect(try other.horizon() == 0)
        }
    }

    @Test("half a frame and then silence ends the connection after the time limit")
    func halfFrame() throws {
        var times = ControlTimes()
        times.frame = 0.1
        let service = try TestService(times: times)
        for count in [1, 4, 5, 8] {
            let caller = try service.caller()
            try caller.greet()
            try caller.send(
                Array(ControlRequest.storedType(Batches.key("p")).frame.writer.bytes.prefix(count)))
            #expect(try caller.reply() == nil)
        }
        let idle = try service.caller()
        #expect(try idle.reply() == nil, "a caller that never greets is not waited for")
    }

    @Test("a frame that comes a byte at a time has no more time than any other")
    func trickle() throws {
        var times = ControlTimes()
        times.frame = 0.2
        let service = try TestService(times: times)
        let caller = try service.caller()
        try caller.greet()
        let bytes = ControlRequest.storedType(Batches.key(String(repeating: "x", count: 900))).frame.writer
            .bytes
        var sent = 0
        try eventually("the connection is closed, or all is sent") {
            do { try caller.send([bytes[sent]]) } catch { return true }
            sent += 1
            return sent == bytes.count
        }
        #expect(sent > 5 && sent < bytes.count, "\(sent) of \(bytes.count) bytes were taken")
    }

    @Test("an idle connection is closed, and the next look-up opens another")
    func idle() throws {
        var times = ControlTimes()
        times.idle = 0.1
        let service = try TestService(times: times)
        let client = try service.client()
        #expect(try client.storedType(of: Batches.key("p")) == nil)
        // Idle for less time than the client, so that both connections are closed when this one is.
        let caller = try service.caller()
        try caller.greet()
        #expect(try caller.reply() == nil)
        service.handler.store.withState { $0.types[Batches.key("p")] = .bool }
        #expect(try client.storedType(of: Batches.key("p")) == .bool)
        #expect(throws: ControlError.self) { try client.horizon() }
    }

    @Test("a caller beyond the limit is asked to try again, and finds room later")
    func tooMany() throws {
        let service = try TestService(maximumConnections: 2)
        let first = try service.caller()
        try first.greet()
        let second = try service.caller()
        try second.greet()
        let refused = #expect(throws: ControlError.self) { _ = try service.client() }
        #expect(refused?.kind == .busy)
        first.connection.shutdown()
        try eventually("there is room for a client") { (try? service.client().horizon()) == 0 }
    }

    @Test("a client gets the refusal even if the service has closed before the greeting is sent")
    func earlyRefusal() throws {
        let service = try TestService(maximumConnections: 0)
        for _ in 0..<200 {
            let refused = #expect(throws: ControlError.self) { _ = try service.client() }
            #expect(refused?.kind == .busy)
        }
    }

    @Test("stopping removes the socket, ends idle connections and waits for a commit that runs")
    func stopping() throws {
        let service = try TestService()
        let handler = service.handler
        let client = try service.client()
        let idle = try service.caller()
        try idle.greet()
        handler.gate.shut()
        let sender = try WorkerThread { _ = try? client.commit(Batches.one()) }
        try eventually("the call waits") { handler.gate.count == 1 }
        #expect(!service.server.stop(within: 0.05))
        var status = stat()
        #expect(lstat(service.folder + "/control.sock", &status) != 0)
        #expect(try idle.reply() == nil)
        handler.gate.open()
        #expect(service.server.stop(within: 10))
        #expect(handler.store.batches.count == 1)
        sender.join()
    }

    @Test("a second compaction is refused while one runs, whether it is waited for or not")
    func compactions() throws {
        let service = try TestService()
        let handler = service.handler
        handler.gate.shut()
        try service.client().startCompaction()
        try eventually("the call waits") { handler.gate.count == 1 }
        let refused = #expect(throws: ControlError.self) { _ = try service.client().compact() }
        #expect(refused?.kind == .busy)
        handler.gate.open()
        try eventually("it has compacted") { handler.state.withLock { $0.compactions } == 1 }
        try eventually("it compacts again") { (try? service.client().compact())?.samplesIn == 10 }
    }
}
