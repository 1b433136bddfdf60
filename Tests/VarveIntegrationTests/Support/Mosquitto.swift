// Mosquitto.swift — a real broker that a test starts, on a free port of loopback, with the built plugin in it.
//
// Invariants:
// - The broker and its folder go away with the object.

import Foundation
import Glibc
import Testing
import VarveAccess

/// A running mosquitto.
final class Mosquitto {
    /// The broker did not start.
    struct StartFailure: Error {}

    /// The plugin that was built with these tests.
    private static let plugin = Bundle.main.bundleURL.appendingPathComponent("libVarveBrokerPlugin.so").path
    /// The service's login and the channel `P`.
    private static let credentials = Credentials(
        service: .init(username: "varve-service", password: "sp"),
        channels: [.init(product: "P", name: "one", isEnabled: true, productSecret: "", password: "cp")],
        devices: [])

    let port: UInt16
    private let folder: URL
    private var process: pid_t = 0

    init() throws {
        port = try Self.freePort()
        folder = FileManager.default.temporaryDirectory.appending(path: "varve-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try CredentialsFile.write(Self.credentials, to: folder.path + "/credentials")
        let lines = [
            "listener \(port) 127.0.0.1", "allow_anonymous false", "per_listener_settings false",
            "plugin \(Self.plugin)", "plugin_opt_credentials \(folder.path)/credentials",
            "plugin_opt_events \(folder.path)/connections.log", "persistence true",
            "persistence_location \(folder.path)/", "autosave_interval 1", "max_queued_messages 1000000",
            "max_inflight_messages 1000", "set_tcp_nodelay true", "log_dest none",
        ]
        let user = geteuid() == 0 ? ["user root"] : []
        try (lines + user).joined(separator: "\n")
            .write(to: folder.appending(path: "mosquitto.conf"), atomically: true, encoding: .utf8)
        try start()
    }

    deinit {
        end(SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    /// Starts it, also again after `end`, and waits until it listens.
    func start() throws {
        let words = ["/usr/sbin/mosquitto", "-c", folder.appending(path: "mosquitto.conf").path]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for text in arguments { free(text) } }
        // Threads of a test run block all signals, and a child inherits that: SIGTERM would wait for ever.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        guard posix_spawn(&process, words[0], nil, &attributes, &arguments, environ) == 0 else {
            throw StartFailure()
        }
        try eventually("the broker listens") { Self.connect(to: port) }
    }

    /// Ends it and waits for that; SIGTERM lets it save its sessions.
    func end(_ signal: Int32) {
        guard process > 0 else { return }
        kill(process, signal)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        process = 0
    }

    private static func connect(to port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return withAddress(port) { Glibc.connect(descriptor, $0, $1) } == 0
    }

    /// A port that nobody listens on.
    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        guard withAddress(0, { bind(descriptor, $0, $1) }) == 0 else { throw StartFailure() }
        return boundPort(descriptor)
    }

    /// Calls `body` with the address of a port of loopback.
    static func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// The port that a socket is bound to.
    static func boundPort(_ descriptor: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// A condition did not come true in time.
struct TooLate: Error, CustomStringConvertible {
    var description: String
}

/// Waits until a condition is true, at most 30 seconds.
func eventually(_ what: String, _ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(30)
    while try !condition() {
        guard ContinuousClock.now < end else { throw TooLate(description: "not in time: \(what)") }
        usleep(2000)
    }
}
