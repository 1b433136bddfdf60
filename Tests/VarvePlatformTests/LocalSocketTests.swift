// LocalSocketTests.swift — unix sockets on the real kernel: who may connect, and that every wait ends.

import Glibc
import Testing
import VarveFile
import VarvePlatform
import VarveTestSupport

@Suite struct LocalSocketTests {
    private let files = POSIXFileSystem()

    private func withFolder(_ name: String = "", _ body: (String) throws -> Void) throws {
        let root = try TemporaryFolder("varve-socket")
        let folder = name.isEmpty ? root.path : "\(root.path)/\(name)"
        try files.createDirectory(folder)
        try withExtendedLifetime(root) { try body(folder) }
    }

    private func soon(_ seconds: Double) -> Int64 {
        SystemClock.monotonicNanoseconds() + Int64(seconds * 1e9)
    }

    private func receive(_ count: Int, from end: LocalSocketConnection) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let more = try bytes.withUnsafeMutableBytes {
                try end.receive(into: .init(rebasing: $0[done...]), until: soon(10))
            }
            if more == 0 { break }
            done += more
        }
        return Array(bytes[..<done])
    }

    @Test("what one end sends the other receives, and each knows the other's process")
    func conversation() throws {
        try withFolder { folder throws in
            let listener = try LocalSocketListener(path: "\(folder)/s")
            let client = try #require(try LocalSocketConnection.connect(to: "\(folder)/s"))
            let server = try #require(try listener.accept())
            for end in [client, server] {
                #expect(end.peer.processID == Int(getpid()))
                #expect(end.peer.userID == geteuid())
                #expect(end.peer.isOwnerOrRoot)
            }
            try [UInt8]([1, 2, 3]).withUnsafeBytes { try client.send($0, until: soon(10)) }
            #expect(try receive(3, from: server) == [1, 2, 3])
            server.shutdown()
            #expect(try receive(1, from: client).isEmpty)
        }
    }

    @Test("the socket's file is open to its owner only")
    func permissions() throws {
        try withFolder { folder throws in
            let before = umask(0)
            defer { umask(before) }
            let listener = try LocalSocketListener(path: "\(folder)/s")
            var status = stat()
            #expect(lstat("\(folder)/s", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            listener.close()
            #expect(lstat("\(folder)/s", &status) != 0)
        }
    }

    @Test("another user is neither owner nor root")
    func otherUser() {
        #expect(LocalSocketConnection.Peer(processID: 1, userID: geteuid()).isOwnerOrRoot)
        #expect(LocalSocketConnection.Peer(processID: 1, userID: 0).isOwnerOrRoot)
        #expect(!LocalSocketConnection.Peer(processID: 1, userID: geteuid() &+ 4711).isOwnerOrRoot)
    }

    @Test("a path longer than a socket address holds works", arguments: [40, 150, 240])
    func longPath(_ length: Int) throws {
        try withFolder(String(repeating: "x", count: length)) { folder throws in
            let path = "\(folder)/control.sock"
            let listener = try LocalSocketListener(path: path)
            let client = try #require(try LocalSocketConnection.connect(to: path))
            let server = try #require(try listener.accept())
            try [UInt8]([7]).withUnsafeBytes { try client.send($0, until: soon(10)) }
            #expect(try receive(1, from: server) == [7])
            listener.close()
            #expect(try LocalSocketConnection.connect(to: path) == nil)
        }
    }

    @Test("without a listener there is no connection: no file, no folder, a dead socket")
    func nobody() throws {
        try withFolder { folder throws in
            #expect(try LocalSocketConnection.connect(to: "\(folder)/s") == nil)
            #expect(try LocalSocketConnection.connect(to: "\(folder)/none/s") == nil)
            let long = folder + "/" + String(repeating: "y", count: 200) + "/s"
            #expect(try LocalSocketConnection.connect(to: long) == nil)
            leaveDeadSocket("\(folder)/s")
            #expect(try LocalSocketConnection.connect(to: "\(folder)/s") == nil)
        }
    }

    @Test("the file of a dead listener is replaced; that of a living one and any other file are not")
    func stale() throws {
        try withFolder { folder throws in
            leaveDeadSocket("\(folder)/s")
            let listener = try LocalSocketListener(path: "\(folder)/s")
            #expect(throws: FileError("listen on", "\(folder)/s", code: EADDRINUSE)) {
                _ = try LocalSocketListener(path: "\(folder)/s")
            }
            #expect(try LocalSocketConnection.connect(to: "\(folder)/s") != nil)
            listener.close()
            try files.replace("\(folder)/file", [1])
            #expect(throws: FileError("listen on", "\(folder)/file", code: EEXIST)) {
                _ = try LocalSocketListener(path: "\(folder)/file")
            }
            #expect(try files.readAll("\(folder)/file") == [1])
        }
    }

    @Test("closing removes only the listener's own socket")
    func closing() throws {
        try withFolder { folder throws in
            let listener = try LocalSocketListener(path: "\(folder)/s")
            try files.replace("\(folder)/s", [1])
            listener.close()
            #expect(try files.readAll("\(folder)/s") == [1])
            #expect(try listener.accept() == nil)
        }
    }

    @Test("an end that neither sends nor reads blocks the other only up to its time limit")
    func silence() throws {
        try withFolder { folder throws in
            let listener = try LocalSocketListener(path: "\(folder)/s")
            let client = try #require(try LocalSocketConnection.connect(to: "\(folder)/s"))
            let server = try #require(try listener.accept())
            let late = #expect(throws: FileError.self) {
                var bytes = [UInt8](repeating: 0, count: 1)
                _ = try bytes.withUnsafeMutableBytes { try server.receive(into: $0, until: soon(0.05)) }
            }
            #expect(late?.code == ETIMEDOUT)
            let full = #expect(throws: FileError.self) {
                try [UInt8](repeating: 0, count: 64 << 20).withUnsafeBytes {
                    try client.send($0, until: soon(0.05))
                }
            }
            #expect(full?.code == ETIMEDOUT)
        }
    }

    @Test("sending to an end that is gone is an error and not the end of the process")
    func gone() throws {
        try withFolder { folder throws in
            let listener = try LocalSocketListener(path: "\(folder)/s")
            let client = try #require(try LocalSocketConnection.connect(to: "\(folder)/s"))
            try #require(try listener.accept()).shutdown()
            let error = #expect(throws: FileError.self) {
                try [UInt8]([1]).withUnsafeBytes { try client.send($0, until: soon(10)) }
            }
            #expect(error?.code == EPIPE)
        }
    }

    /// A socket file as a killed process leaves it.
    private func leaveDeadSocket(_ path: String) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(descriptor)
    }
}
