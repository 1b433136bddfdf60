// Broker.swift — the one way to start a mosquitto in a test: on a free port of loopback, in a folder of its own.
//
// Invariants:
// - The broker ends and its folder is removed when its object goes away, also when the test fails.
// - It runs with the limits that the service gives to its own broker (`Broker.limits`, which a test compares).

import Foundation
import Glibc
import VarveFile

/// A running broker.
package final class Broker {
    /// Who may log in.
    package enum Admission: Sendable {
        /// Every client may do everything.
        case everybody
        /// One user, who may do everything.
        case login(name: String, password: String)
        /// Clients that the built plugin lets in, with more lines of its options; the test writes `credentialsPath`.
        case plugin(options: [String] = [])
    }

    /// The broker's program.
    package static let program = "/usr/sbin/mosquitto"
    /// The plugin that was built with these tests.
    package static let plugin = Installation.built("libVarveBrokerPlugin.so")
    /// The limits, as lines that are in the service's own configuration too (BrokerConfiguration).
    ///
    /// `max_queued_messages` must be finite: with 0 Debian's build cuts off every client whose publish is denied.
    package static let limits = [
        "per_listener_settings false", "autosave_interval 1", "max_inflight_messages 1000",
        "max_queued_messages 1000000", "max_queued_bytes 0", "max_packet_size 4194304",
        "set_tcp_nodelay true",
        "log_type error", "log_type warning", "log_type notice", "log_type information",
    ]

    /// Its port on 127.0.0.1.
    package let port: UInt16
    /// Who may log in from the next start on.
    package var admission: Admission
    private let isPersistent: Bool
    private let place: TemporaryFolder
    private var process: ChildProcess?

    /// Its folder.
    package var folder: String { place.path }
    /// The file of the logins, which the plugin reads.
    package var credentialsPath: String { folder + "/credentials" }
    /// The file of its sessions and the messages that wait in them.
    package var databasePath: String { folder + "/mosquitto.db" }
    /// The file to which the plugin writes the events of connections.
    package var eventsPath: String { folder + "/connections.log" }
    /// The broker's log since its last start.
    package var log: String { (try? place.text("log")) ?? "" }

    /// Starts a broker and waits until it listens.
    ///
    /// - Parameters:
    ///   - port: Its port; nil for a free one.
    ///   - isPersistent: Whether sessions survive a restart of the broker.
    ///   - prepare: Writes files that the broker reads at its start, such as credentials; gets the path of its folder.
    /// - Throws: `Overdue` with the broker's log if it does not start, and what `prepare` throws.
    package init(
        _ admission: Admission = .everybody, port: UInt16? = nil, isPersistent: Bool = true,
        prepare: (_ folder: String) throws -> Void = { _ in }
    ) throws {
        self.admission = admission
        self.isPersistent = isPersistent
        place = try TemporaryFolder("varve-broker")
        self.port = try port ?? Loopback.freePort()
        try prepare(place.path)
        try start()
    }

    deinit { stop(SIGKILL) }

    /// Starts it again after `stop`, on the same port and with a new log.
    ///
    /// - Throws: `Overdue` with the broker's log if it does not start.
    package func start() throws {
        var lines = Self.limits
        lines += ["user \(NSUserName())", "listener \(port) 127.0.0.1", "log_dest file \(folder)/log"]
        if isPersistent {
            lines += ["persistence true", "persistence_location \(folder)/"]
        } else {
            lines.append("persistence false")
        }
        lines += try admissionLines()
        let configuration = try place.write(lines: lines, "mosquitto.conf")
        try? POSIXFileSystem().remove("\(folder)/log")
        let process = try ChildProcess([Self.program, "-c", configuration], printsTo: "\(folder)/output")
        self.process = process
        try wait("the broker listens") { log.contains(" running") || !process.isRunning }
        guard process.isRunning else {
            self.process = nil
            throw Overdue(description: "the broker ended:\n\(log)\(process.errors)")
        }
    }

    private func admissionLines() throws -> [String] {
        switch admission {
        case .everybody: return ["allow_anonymous true"]
        case .login(let name, let password):
            let command = ["/usr/bin/mosquitto_passwd", "-b", "-c", "\(folder)/users", name, password]
            let made = try ChildProcess(command, printsTo: "\(folder)/passwords").wait()
            guard made.code == 0 else { throw Overdue(description: made.errors) }
            return ["allow_anonymous false", "password_file \(folder)/users"]
        case .plugin(let options):
            return [
                "allow_anonymous false", "plugin \(Self.plugin)", "plugin_opt_credentials \(credentialsPath)",
                "plugin_opt_events \(eventsPath)", "plugin_opt_persistence_file \(databasePath)",
            ] + options
        }
    }

    /// Ends it and waits for its end.
    ///
    /// SIGTERM, which the service sends too, lets it save its sessions; SIGKILL does not.
    package func stop(_ signal: Int32 = SIGTERM) {
        guard let process else { return }
        self.process = nil
        kill(process.identifier, signal)
        let deadline = ContinuousClock.now + .seconds(10)
        while process.isRunning, ContinuousClock.now < deadline { usleep(2000) }
        if process.isRunning { _ = process.kill(after: 0) }
    }

    /// Stops its process while `body` runs, so that it then finds all of its effects at once.
    package func whilePaused(_ body: () throws -> Void) rethrows {
        guard let process else { return }
        kill(process.identifier, SIGSTOP)
        defer { kill(process.identifier, SIGCONT) }
        try body()
    }

    /// Waits until a condition holds, at most half a minute; the error shows the broker's log.
    package func wait(_ fact: String, until holds: () throws -> Bool) throws {
        try eventually("\(fact)\n\(log)", within: 30, holds)
    }
}
