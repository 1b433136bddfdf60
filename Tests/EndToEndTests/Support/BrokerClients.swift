// BrokerClients.swift — the command line clients of a broker with one login.
//
// Invariants:
// - The listeners end with their objects.

import Foundation
import VarveTestSupport

/// A running broker, and clients that log in to it.
struct BrokerClients {
    /// Whether this machine has the broker and its clients.
    static let isInstalled =
        FileManager.default.isExecutableFile(atPath: Broker.program)
        && Installation.find("mosquitto_pub") != nil

    let broker: Broker
    private let sandbox: Sandbox
    private let login: String

    /// Starts a broker and waits until it answers.
    init(in sandbox: Sandbox, user: String, password: String) throws {
        self.sandbox = sandbox
        broker = try Broker(.login(name: user, password: password), isPersistent: false)
        login = "-h 127.0.0.1 -p \(broker.port) -u '\(user)' -P '\(password)'"
    }

    /// Publishes a message of one word repeatedly, until the listener receives it.
    func publish(_ topic: String, until listener: Listener) throws {
        let line = "mosquitto_pub \(login) -t '\(topic)' -m word"
        try eventually("\(topic) is heard; \(listener.errors)") {
            _ = try sandbox.start(program: ["/bin/sh", "-c", line]).wait()
            return listener.lines.contains { $0.hasPrefix(topic + " ") }
        }
    }

    /// Starts a client that listens to topics.
    func listener(_ topics: String) throws -> Listener {
        try listener(line: "mosquitto_sub \(login) -v -t \(topics)")
    }

    /// Starts a client with a line for the shell.
    func listener(line: String) throws -> Listener {
        let stem = "\(sandbox.path)/listener-\(UUID())"
        // With `exec` the shell becomes the client, so killing the process kills the client.
        let process = try ChildProcess(
            ["/bin/sh", "-c", "exec " + line], folder: sandbox.path, printsTo: stem)
        return Listener(process: process)
    }
}

/// A client that prints the messages it receives.
struct Listener {
    let process: ChildProcess

    /// The complete lines printed so far.
    var lines: [Substring] {
        process.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }

    var errors: String { process.errors }

    /// Waits for a line and returns it.
    func waitForLine(_ isWanted: (Substring) -> Bool) throws -> String {
        var found: Substring?
        try eventually("such a line comes; \(lines) \(errors)") {
            found = lines.first(where: isWanted)
            return found != nil
        }
        return String(found ?? "")
    }
}
