// Broker.swift — a mosquitto of a test's own, with the built plugin in it.
//
// Invariants:
// - It listens on a free port of the loopback and ends with its object, also when the test fails.
// - Its folder goes away with it.

import Foundation
import Testing
import VarveAccess

/// A running broker.
final class Broker {
    /// The broker did not start, or a wait took too long; the text has the broker's log.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    static let program = "/usr/sbin/mosquitto"
    /// The plugin that was built with these tests.
    static let plugin = Bundle.main.bundleURL.appendingPathComponent("libVarveBrokerPlugin.so").path

    let folder: String
    let port: UInt16
    private let options: [String]
    /// Whether it loads the plugin at its next start; without it everybody may do everything.
    var usesPlugin: Bool
    private var process: pid_t?
    /// Where the events file has been read to.
    private var position: ConnectionEventPosition?
    private(set) var events: [ConnectionEvent] = []

    var credentialsPath: String { folder + "/credentials" }
    var databasePath: String { folder + "/mosquitto.db" }
    var eventsPath: String { folder + "/connections.log" }
    var log: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

    /// Starts a broker.
    ///
    /// - Parameters:
    ///   - credentials: What its credentials file says; nil for no file.
    ///   - options: More lines of its configuration.
    ///   - usesPlugin: Whether it loads the plugin; without it everybody may do everything.
    init(_ credentials: Credentials?, options: [String] = [], usesPlugin: Bool = true) throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/varve-broker-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        port = try Self.freePort()
        self.options = options
        self.usesPlugin = usesPlugin
        if let credentials { try CredentialsFile.write(credentials, to: credentialsPath) }
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Starts it again after `stop`, with a new log.
    func start() throws {
        let plugin = [
            "plugin \(Self.plugin)", "plugin_opt_credentials \(credentialsPath)",
            "plugin_opt_events \(eventsPath)", "plugin_opt_persistence_file \(databasePath)",
        ]
        let lines =
            [
                "per_listener_settings false", "user \(NSUserName())", "listener \(port) 127.0.0.1",
                "allow_anonymous \(!usesPlugin)", "persistence true", "persistence_location \(folder)/",
                "autosave_interval 1", "max_inflight_messages 1000", "max_queued_messages 1000000",
                "max_queued_bytes 0", "max_packet_size 4194304", "set_tcp_nodelay true",
                "log_dest file \(folder)/log", "log_type error",
                "log_type warning", "log_type notice", "log_type information",
            ] + (usesPlugin ? plugin + options : [])
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: folder + "/mosquitto.conf", atomically: true, encoding: .utf8)
        try? FileManager.default.removeItem(atPath: folder + "/log")
        process = try Self.spawn([Self.program, "-c", folder + "/mosquitto.conf"])
        try wait("the broker listens") { log.contains(" running") || hasEnded() }
        guard process != nil else { throw Failure(description: "the broker ended:\n\(log)") }
    }

    /// Stops it with SIGTERM, as its service does; with SIGKILL if that does not help.
    func stop() {
        guard let identifier = process else { return }
        kill(identifier, SIGTERM)
        let deadline = ContinuousClock.now + .seconds(10)
        while !hasEnded() {
            if ContinuousClock.now > deadline { kill(identifier, SIGKILL) }
            usleep(5000)
        }
    }

    /// Holds it still while something is done, so that it finds all of that at once.
    func whileStopped(_ body: () throws -> Void) rethrows {
        guard let identifier = process else { return }
        kill(identifier, SIGSTOP)
        defer { kill(identifier, SIGCONT) }
        try body()
    }

    /// Whether the process is gone; takes its ending.
    private func hasEnded() -> Bool {
        guard let identifier = process else { return true }
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG) == identifier else { return false }
        process = nil
        return true
    }

    /// Starts a program that hears signals: the threads that run tests have them blocked, and it would inherit that.
    private static func spawn(_ command: [String]) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (stream, mode) in [(Int32(0), O_RDONLY), (1, O_WRONLY), (2, O_WRONLY)] {
            posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", mode, 0)
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for text in arguments { free(text) } }
        var identifier: pid_t = 0
        let code = posix_spawn(&identifier, command[0], &actions, &attributes, &arguments, environ)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
        return identifier
    }

    /// Waits until something holds, 20 seconds at most.
    func wait(_ fact: String, until holds: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while try !holds() {
            guard ContinuousClock.now < deadline else {
                throw Failure(description: "not within 20 s: \(fact)\n\(log)\n\(events)")
            }
            usleep(5000)
        }
    }

    /// Waits for an event, among those that were and those to come.
    func event(_ fact: String, where matches: (ConnectionEvent) -> Bool) throws -> ConnectionEvent {
        var found: ConnectionEvent?
        try wait("the event: \(fact)") {
            try readEvents()
            found = events.first(where: matches)
            return found != nil
        }
        return try #require(found)
    }

    /// Reads what is new in the events file.
    func readEvents() throws {
        let batch = try ConnectionEvents(path: eventsPath).read(after: position)
        events += batch.events
        position = batch.position
        #expect(batch.notes.isEmpty)
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        return UInt16(bigEndian: address.sin_port)
    }
}
