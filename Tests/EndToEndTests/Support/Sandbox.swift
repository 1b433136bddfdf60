// Sandbox.swift — a folder for one test, with a data directory in it, and the commands run there.
//
// Invariants:
// - A command does not see variables of the surrounding shell that Varve reads.
// - The folder is removed with its object.

import Foundation
import Synchronization
import VarveFile
import VarveTestSupport

extension Installation {
    /// The path of a resource of these tests.
    static func resource(_ path: String) -> String {
        Bundle.module.bundleURL.appendingPathComponent(path).path
    }
}

/// A temporary folder.
final class Sandbox: Sendable {
    private let place: TemporaryFolder
    var path: String { place.path }
    /// The data directory that commands work on; the first command that writes creates it.
    var data: String { "\(path)/data" }
    private let commands = Atomic<Int>(0)

    init() throws { place = try TemporaryFolder("varve-e2e") }

    /// Runs `varve` to its end.
    ///
    /// - Parameters:
    ///   - data: The data directory; default: the sandbox's.
    ///   - environment: Variables to add.
    @discardableResult
    func varve(
        _ arguments: [String], data: String? = nil, environment: [String: String] = [:],
        input: String = "/dev/null"
    ) throws -> Ending {
        try start(arguments, data: data, environment: environment, input: input).wait()
    }

    /// Runs `varve` to its end.
    @discardableResult
    func varve(_ arguments: String...) throws -> Ending { try varve(arguments) }

    /// Starts `varve`.
    ///
    /// - Parameter prefix: A program that becomes `varve`, such as one that changes the user first.
    func start(
        _ arguments: [String], data: String? = nil, environment: [String: String] = [:],
        input: String = "/dev/null", prefix: [String] = []
    ) throws -> ChildProcess {
        var variables = environment
        variables["VARVE_DATA"] = data ?? self.data
        return try start(
            program: prefix + [Installation.varve] + arguments, environment: variables, input: input)
    }

    /// Starts any program in the sandbox.
    func start(
        program: [String], environment: [String: String] = [:], input: String = "/dev/null"
    ) throws -> ChildProcess {
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("VARVE_") }
        variables.merge(environment) { _, new in new }
        let number = commands.wrappingAdd(1, ordering: .relaxed).newValue
        return try ChildProcess(
            program, environment: variables, folder: path, input: input,
            printsTo: "\(path)/.command-\(number)")
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, _ name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }

    /// Writes a file of lines, each with a line feed, and returns its path.
    @discardableResult
    func write(lines: [String], _ name: String) throws -> String {
        try write(lines.map { $0 + "\n" }.joined().utf8, name)
    }

    /// Every regular file below a folder, with its contents.
    func contents(of folder: String) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in FileManager.default.enumerator(atPath: folder)?.compactMap({ $0 as? String }) ?? [] {
            let file = URL(fileURLWithPath: "\(folder)/\(name)")
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else {
                continue
            }
            found[name] = try Data(contentsOf: file)
        }
        return found
    }

    /// Copies a data directory beside this sandbox's own and returns its path.
    func copy(_ folder: String, to name: String) throws -> String {
        let target = "\(path)/\(name)"
        try? FileManager.default.removeItem(atPath: target)
        try FileManager.default.copyItem(atPath: folder, toPath: target)
        return target
    }
}
