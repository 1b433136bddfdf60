// RunningService.swift — `varve serve` with its broker on a free port, and the ways to stop and kill both.
//
// A supervised service is what a user starts. Without supervision the process is the service itself, so a kill hits it.
//
// Invariants:
// - Service and broker end with the object, even if the test fails.

import Foundation
import Glibc
import Testing
import VarveTestSupport

/// Whether a process runs; false for a zombie.
func isAlive(_ process: pid_t) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else {
        return false
    }
    return !status.contains("State:\tZ")
}

/// A service over a sandbox's data directory.
final class RunningService {
    let sandbox: Sandbox
    let port: Int
    private let options: [String]
    private let environment: [String: String]
    private let isSupervised: Bool
    private let prefix: [String]
    private var process: ChildProcess?

    /// Starts a service and waits until it is ready.
    ///
    /// - Parameters:
    ///   - prefix: A program that becomes the service, such as one that changes the user first.
    ///   - isSupervised: Whether it is started again when it dies, as for a user.
    init(
        in sandbox: Sandbox, options: [String] = [], environment: [String: String] = [:],
        prefix: [String] = [], isSupervised: Bool = false
    ) throws {
        self.prefix = prefix
        self.sandbox = sandbox
        self.isSupervised = isSupervised
        self.options = options
        self.environment = environment
        port = Int(try Loopback.freePort())
        try start()
    }

    deinit {
        // The supervisor is killed before the worker, or it would start another one.
        let worker = worker
        killService()
        if let worker, isSupervised { kill(worker, SIGKILL) }
        killBroker()
    }

    var address: String { "127.0.0.1:\(port)" }
    /// Standard error of the current run.
    var errors: String { process?.errors ?? "" }
    var isRunning: Bool { process?.isRunning ?? false }
    var identifier: pid_t? { process?.identifier }

    /// The command line of the service.
    var command: [String] {
        ["serve", "--mqtt-port", String(port)] + (isSupervised ? [] : ["--no-supervise"]) + options
    }

    /// The process that serves, if another process supervises it.
    var worker: pid_t? {
        guard let identifier,
            let text = try? String(
                contentsOfFile: "/proc/\(identifier)/task/\(identifier)/children", encoding: .utf8)
        else { return nil }
        return text.split(separator: " ").first.flatMap { pid_t($0) }
    }

    /// How often the service of this run has said that it is ready.
    var readyCount: Int { (process?.output ?? "").components(separatedBy: "varve: ready").count - 1 }

    /// Starts the service and waits until it is ready.
    func start() throws {
        let process = try sandbox.start(command, environment: environment, prefix: prefix)
        self.process = process
        try awaitReady()
    }

    /// Waits until the service has said that it is ready.
    func awaitReady() throws {
        guard let process else { return }
        try eventually("the service is ready; it said: \(process.output)\(process.errors)") {
            guard process.isRunning else {
                throw Overdue(description: "the service ended: \(process.output)\(process.errors)")
            }
            // Timers do not run under a false clock, but the loop that takes messages needs no timer.
            let isServing = environment["FAKETIME"] != nil && process.errors.contains("taking messages")
            return isServing || process.output.contains("varve: ready")
        }
    }

    /// `kill -9` for the service alone.
    func killService() {
        _ = process?.kill(after: 0)
        process = nil
    }

    /// `kill -9` for the broker alone.
    func killBroker() {
        if let broker = brokerIdentifier { kill(broker, SIGKILL) }
    }

    /// Waits for the end of a service that ends by itself.
    func wait() throws -> Ending? {
        try eventually("the service ends") { !isRunning }
        defer { process = nil }
        return process?.wait()
    }

    /// Ends the service with a signal, by default SIGTERM, and waits for it.
    @discardableResult
    func stop(_ signal: Int32 = SIGTERM) -> Ending? {
        guard let process else { return nil }
        kill(process.identifier, signal)
        self.process = nil
        return process.wait()
    }

    /// The broker's process: the one whose arguments name a configuration in the sandbox.
    var brokerIdentifier: pid_t? {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let id = pid_t(name),
                let line = FileManager.default.contents(atPath: "/proc/\(id)/cmdline"),
                String(decoding: line, as: UTF8.self).contains("\(sandbox.data)/broker/mosquitto-")
            else { continue }
            return id
        }
        return nil
    }
}

/// A channel of a product, with its login.
struct DemoChannel {
    var username: String
    var password: String
    var product: String

    /// Makes a channel for a product, and reads its login.
    init(_ name: String, product: String, in sandbox: Sandbox) throws {
        let made = try sandbox.varve("channel", "create", name, "--product", product)
        guard made.code == 0 else { throw Overdue(description: made.errors) }
        let shown = try sandbox.varve("channel", "show", name, "--json").object()
        username = shown["username"] as? String ?? ""
        password = shown["password"] as? String ?? ""
        self.product = shown["product"] as? String ?? ""
    }
}
