// Broker.swift — a real mosquitto of a test's own, on a free port.
//
// Invariants:
// - The process ends with the object, also when the test fails.

import Foundation
import Glibc
import VarveFile

/// A broker on loopback.
final class Broker {
    let port: UInt16
    private let folder: Folder
    private let passwordFile: String?
    private var process: Process?

    /// Starts a broker and waits until it listens.
    ///
    /// - Parameter user: The only user that may log in, with the password; nil: anybody may.
    init(user: (name: String, password: String)? = nil) throws {
        folder = try Folder()
        port = try Self.freePort()
        passwordFile = user == nil ? nil : "\(folder.path)/users"
        if let user, let passwordFile {
            let maker = Process()
            maker.executableURL = URL(fileURLWithPath: "/usr/bin/mosquitto_passwd")
            maker.arguments = ["-b", "-c", passwordFile, user.name, user.password]
            try maker.run()
            maker.waitUntilExit()
        }
        try start()
    }

    deinit { stop() }

    /// Starts it again after `stop`, on the same port.
    func start() throws {
        var lines = [
            "listener \(port) 127.0.0.1", "persistence false", "max_queued_messages 0",
            "allow_anonymous \(passwordFile == nil)",
        ]
        if getuid() == 0 { lines.append("user root") }
        if let passwordFile { lines.append("password_file \(passwordFile)") }
        let configuration = "\(folder.path)/broker.conf"
        try lines.joined(separator: "\n").write(toFile: configuration, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/mosquitto")
        process.arguments = ["-c", configuration]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        try Wait.until("the broker listens") { Self.listens(port) }
    }

    /// Kills it.
    func stop() {
        guard let process else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    private static func listens(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return withAddress(port) { connect(descriptor, $0, $1) } == 0
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        guard withAddress(0, { bind(descriptor, $0, $1) }) == 0 else { throw POSIXError(.EADDRINUSE) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard code == 0 else { throw POSIXError(.EADDRINUSE) }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func withAddress(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// Waits for conditions.
enum Wait {
    struct Expired: Error {
        var what: String
    }

    /// Waits until something holds, at most half a minute.
    static func until(_ what: String, _ holds: () -> Bool) throws {
        let end = ContinuousClock.now + .seconds(30)
        while !holds() {
            guard ContinuousClock.now < end else { throw Expired(what: what) }
            usleep(2000)
        }
    }
}

/// A temporary folder that goes away with its object.
final class Folder: Sendable {
    private let place: TemporaryFolder

    init() throws { place = try TemporaryFolder("varve-publish") }

    var path: String { place.path }

    /// Writes a file of lines and returns its path.
    func write(_ lines: [String], _ name: String) throws -> String {
        let file = "\(path)/\(name)"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }
}
