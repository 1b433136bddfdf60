// Broker.swift — a real mosquitto with one login, and clients that listen on it.
//
// Invariants:
// - The broker and its listeners end with their objects.

import Foundation
import Glibc

/// A running broker.
final class Broker {
    private static let program = "/usr/sbin/mosquitto"

    /// Whether this machine has the broker and its clients.
    static let isInstalled =
        FileManager.default.isExecutableFile(atPath: program) && Installation.find("mosquitto_pub") != nil

    /// What did not happen in time.
    struct Timeout: Error { var what: String }

    let port: Int
    private let sandbox: Sandbox
    private let login: String
    private let process: ChildProcess

    /// Starts a broker on a free port and waits until it answers.
    init(in sandbox: Sandbox, user: String, password: String) throws {
        self.sandbox = sandbox
        port = try Self.freePort()
        let passwords = "\(sandbox.path)/passwords"
        let made = try sandbox.start(program: [
            try Self.find("mosquitto_passwd"), "-c", "-b", passwords, user, password,
        ]).wait()
        guard made.code == 0 else { throw Timeout(what: made.errors) }
        let configuration = try sandbox.write(
            lines: [
                "listener \(port) 127.0.0.1", "allow_anonymous false", "password_file \(passwords)",
                "user root",
            ], "broker.conf")
        process = try sandbox.start(program: [Self.program, "-c", configuration])
        login = "-h 127.0.0.1 -p \(port) -u '\(user)' -P '\(password)'"
        for _ in 0..<500 where try publish("up") != 0 { usleep(20_000) }
    }

    /// Publishes a message of one word, once.
    @discardableResult
    func publish(_ topic: String) throws -> Int32? {
        try sandbox.start(program: ["/bin/sh", "-c", "mosquitto_pub \(login) -t '\(topic)' -m word"]).wait()
            .code
    }

    /// Publishes until the listener has heard it.
    func publish(_ topic: String, until listener: Listener) throws {
        for _ in 0..<200 {
            try publish(topic)
            if listener.lines.contains(where: { $0.hasPrefix(topic + " ") }) { return }
        }
        throw Timeout(what: "\(topic) is not heard; \(listener.errors)")
    }

    /// Listens to topics.
    func listener(_ topics: String) throws -> Listener {
        try listener(line: "mosquitto_sub \(login) -v -t \(topics)")
    }

    /// Runs a line of a shell that listens.
    func listener(line: String) throws -> Listener {
        let stem = "\(sandbox.path)/listener-\(UUID())"
        // `exec` makes the shell the client itself, which is killed with the process.
        let process = try ChildProcess(
            ["/bin/sh", "-c", "exec " + line], environment: ProcessInfo.processInfo.environment,
            folder: sandbox.path, printsTo: stem)
        return Listener(process: process, stem: stem)
    }

    private static func find(_ name: String) throws -> String {
        guard let path = Installation.find(name) else { throw Timeout(what: "\(name) is not installed") }
        return path
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
            }
        }
        guard code == 0 else { throw Timeout(what: "no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

/// A client that prints what it hears.
struct Listener {
    let process: ChildProcess
    let stem: String

    /// The lines that are complete.
    var lines: [Substring] {
        let text = (try? String(contentsOfFile: stem + ".out", encoding: .utf8)) ?? ""
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }

    var errors: String { (try? String(contentsOfFile: stem + ".err", encoding: .utf8)) ?? "" }

    /// Waits up to 20 seconds for a line.
    func waitForLine(_ isWanted: (Substring) -> Bool) throws -> String {
        for _ in 0..<1000 {
            if let line = lines.first(where: isWanted) { return String(line) }
            usleep(20_000)
        }
        throw Broker.Timeout(what: "no such line; \(lines) \(errors)")
    }
}
