// ChannelService.swift — a service with its broker in a scratch directory, and the logins there.

import Glibc
import VarveFile
import VarveMQTT
import VarveProbe

/// `varve serve`, started and stopped for a measurement.
final class ChannelService {
    private let tool: String
    private let data: String
    private let files: any FileSystem
    private var process: pid_t = 0
    let port: UInt16

    init(tool: String, data: String, port: UInt16, files: any FileSystem) {
        self.tool = tool
        self.data = data
        self.port = port
        self.files = files
    }

    deinit { stop() }

    private var output: String { data + "-service.out" }

    /// Starts the service and waits until it is ready.
    func start() throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        // The benchmark kills the service, and no supervisor may then start it again.
        let words = [
            tool, "serve", "--no-supervise", "--data", data, "--mqtt-port", String(port), "--log-level",
            "warning",
        ]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        let code = posix_spawn(&process, tool, &actions, nil, arguments, environ)
        guard code == 0 else { throw HarnessError("cannot run \(tool)") }
        for _ in 0..<3000 {
            if let bytes = try? files.readAll(output),
                String(decoding: bytes, as: UTF8.self).contains("varve: ready")
            {
                return
            }
            usleep(10_000)
        }
        throw HarnessError("the service is not ready after 30 s")
    }

    /// Ends the service and its broker.
    func stop() { end(SIGTERM) }

    /// Kills the service only.
    ///
    /// The broker goes on.
    func kill() { end(SIGKILL) }

    private func end(_ signal: Int32) {
        guard process > 0 else { return }
        Glibc.kill(process, signal)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        process = 0
    }

    /// A login in the service's place, valid once, over the service's own socket.
    func serviceOptions() throws -> MQTTOptions {
        let bytes = try files.readAll(data + "/broker/credentials")
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("service\t") }) else {
            throw HarnessError("no login of the service in the credentials file")
        }
        let fields = line.split(separator: "\t")
        guard let password = LoginProbe.password(secret: String(fields[2]), clientID: "varve-service") else {
            throw HarnessError("this machine's libcrypto makes no HMAC-SHA256")
        }
        return MQTTOptions(
            host: data + "/broker/broker.sock", port: 0, clientID: "varve-service",
            username: String(fields[1]),
            password: password, keepsSession: true, usesVersion5: true)
    }
}
