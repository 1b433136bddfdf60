// TestService.swift — a control server in a folder of its own, and a caller that breaks the protocol.

import Glibc
import Testing
import VarveCodec
import VarveFile
import VarveModel
import VarvePlatform
import VarveTestSupport

@testable import VarveControl

/// Gives other threads time to run.
func rest() { usleep(1000) }

/// A running control server.
final class TestService {
    private let place: TemporaryFolder
    let handler = FakeHandler()
    let server: ControlServer

    init(maximumConnections: Int = 16, times: ControlTimes = ControlTimes()) throws {
        place = try TemporaryFolder("varve-control")
        server = try ControlServer(
            directory: place.path, handler: handler, maximumConnections: maximumConnections, times: times)
    }

    deinit {
        handler.gate.open()
        server.stop()
    }

    var folder: String { place.path }

    func client(_ times: ControlTimes = ControlTimes()) throws -> ControlClient {
        try #require(try ControlClient.connect(directory: folder, times: times))
    }

    /// A connection that may send anything.
    func caller() throws -> RawCaller {
        RawCaller(try #require(try LocalSocketConnection.connect(to: folder + "/control.sock")))
    }
}

/// Sends bytes and reads frames.
final class RawCaller {
    let connection: LocalSocketConnection

    init(_ connection: LocalSocketConnection) { self.connection = connection }

    private var deadline: Int64 { SystemClock.monotonicNanoseconds() + 10_000_000_000 }

    func send(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try connection.send($0, until: deadline) }
    }

    func send(_ request: ControlRequest) throws { try send(request.frame.writer.bytes) }

    func greet() throws {
        try send(.hello(version: ControlLimits.version))
        guard case .welcome? = try reply() else { throw FileError("greet", "the server") }
    }

    /// The next reply; nil at the end of the stream.
    func reply() throws -> ControlReply? {
        let channel = FrameChannel(connection, times: ControlTimes())
        channel.limit = ControlLimits.frameBytes
        return try channel.receive(within: 10) { try ControlReply(kind: $0, from: &$1) }
    }

    /// The next reply, which must be a failure, followed by the end of the stream.
    func lastFailure() throws -> ControlError? {
        guard case .failure(let error)? = try reply() else { return nil }
        var byte: UInt8 = 0
        let count = try withUnsafeMutableBytes(of: &byte) {
            try connection.receive(into: $0, until: deadline)
        }
        return count == 0 ? error : nil
    }
}

/// A frame with any content.
func frame(_ kind: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
    Frame(kind: kind) { writer in payload.withUnsafeBytes { writer.append(bytes: $0) } }.writer.bytes
}
