// ServeCommand.swift — `varve serve`: runs the service, which is an executable of its own.
//
// It starts the service as a child and restarts it when it dies (see `Supervisor`). It replaces itself with the service
// instead where systemd restarts it (NOTIFY_SOCKET is set), and with `--no-supervise`.
//
// This tool starts in milliseconds because it links no server. The service's own parser reads the options.

import ArgumentParser
import Glibc
import VarveControl
import VarveFile

/// Runs the service.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the service: the MQTT broker, the channels and what they need.",
        discussion: "`varve serve --help` shows the options of the service, the executable varved.")

    @Argument(parsing: .captureForPassthrough, help: .hidden)
    var arguments: [String] = []

    func run() throws {
        let executable = try Self.findService()
        guard
            arguments.contains(ServiceArguments.noSupervisor)
                || getenv(ServiceArguments.systemdVariable) != nil
        else {
            var supervisor = Supervisor(executable: executable, arguments: arguments)
            throw ExitCode(try supervisor.run())
        }
        var pointers: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
        pointers.append(nil)
        execv(executable, pointers)
        throw ServeFailure("\(executable) cannot be started: \(String(cString: strerror(errno)))")
    }

    /// The path of the service: beside this executable, else in `../libexec/varve`.
    ///
    /// - Throws: `ServeFailure` if it is in neither place.
    private static func findService() throws -> String {
        let files = POSIXFileSystem()
        let folders = files.resolved("/proc/self/exe").split(separator: "/").dropLast()
        let beside = "/" + folders.joined(separator: "/") + "/" + ServiceArguments.executable
        let installed =
            "/" + folders.dropLast().joined(separator: "/") + "/libexec/varve/" + ServiceArguments.executable
        for path in [beside, installed] {
            if case .file? = try? files.kind(path) { return path }
        }
        throw ServeFailure("the service is neither \(beside) nor \(installed): build or install varved")
    }
}

/// Why the service cannot be started, in one line.
struct ServeFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
