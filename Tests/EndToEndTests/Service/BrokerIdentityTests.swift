// BrokerIdentityTests.swift — the service mistakes no other process for its broker, by name, socket or port.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct BrokerIdentityTests {
        private let sandbox: Sandbox
        private static let mosquitto = "/usr/sbin/mosquitto"

        init() throws { sandbox = try Sandbox() }

        /// Runs a service to a clean end, and returns the path of the configuration that its broker leaves.
        private func leftConfiguration() throws -> String {
            let service = try RunningService(in: sandbox)
            #expect(service.stop()?.code == 0)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(sandbox.data)/broker")
            let name = try #require(names.first { $0.hasPrefix("mosquitto-") && $0.hasSuffix(".conf") })
            return "\(sandbox.data)/broker/\(name)"
        }

        /// Registers a device `d` and a channel, and sends one row.
        private func sendRow(_ channel: String = "rows") throws -> Ending {
            if try sandbox.varve("channel", "show", channel).code != 0 {
                for command in [
                    ["model", "create", "m", "--point", "p:double"],
                    ["product", "create", "k", "--model", "m"],
                    ["device", "create", "d", "--product", "k"],
                    ["channel", "create", channel, "--product", "k"],
                ] {
                    let ending = try sandbox.varve(command)
                    #expect(ending.code == 0, "\(ending.errors)")
                }
            }
            let rows = try sandbox.write(
                lines: ["device,point,time,value", "d,p,2024-01-01T00:00:00Z,1.5"], "row.csv")
            return try sandbox.varve(
                "publish", "--channel", channel, "--again", "--journal", "\(sandbox.path)/journal", "--quiet",
                rows)
        }

        @Test(
            "a process that has the broker's configuration among its arguments is neither adopted nor ended")
        func reader() throws {
            let configuration = try leftConfiguration()
            let tail = try #require(Installation.find("tail"))
            let reader = try sandbox.start(program: [tail, "-f", configuration])
            defer { _ = reader.kill(after: 0) }
            try eventually("it runs") { reader.output.contains("log_type") }
            let service = try RunningService(in: sandbox)
            #expect(reader.isRunning)
            #expect(try sendRow().code == 0)
            #expect(service.stop()?.code == 0)
            #expect(reader.isRunning)
        }

        @Test(
            "a process with the broker's very arguments but another executable is neither adopted nor ended")
        func impostor() throws {
            let configuration = try leftConfiguration()
            let copy = "\(sandbox.path)/copy"
            try FileManager.default.copyItem(atPath: Self.mosquitto, toPath: copy)
            let bash = try #require(Installation.find("bash"))
            let impostor = try sandbox.start(
                program: [bash, "-c", "exec -a \(Self.mosquitto) \(copy) -c \(configuration)"])
            defer { _ = impostor.kill(after: 0) }
            try eventually("it listens") {
                FileManager.default.fileExists(atPath: "\(sandbox.path)/broker.sock")
            }
            // The service runs on another port, as the impostor has the first one.
            let service = try RunningService(in: sandbox)
            #expect(impostor.isRunning)
            #expect(try sendRow().code == 0)
            #expect(service.stop()?.code == 0)
            #expect(impostor.isRunning)
        }

        @Test("a foreign socket in the broker's folder gets no byte and is replaced")
        func foreignSocket() throws {
            let service = try RunningService(in: sandbox)
            let broker = try #require(service.brokerIdentifier)
            service.killService()
            let path = "\(sandbox.data)/broker/broker.sock"
            let listener = try ForeignListener(path)
            try service.start()
            #expect(
                service.brokerIdentifier != broker, "a broker that cannot be reached is ended and started")
            #expect(try sendRow().code == 0)
            #expect(try listener.heard().isEmpty)
            #expect(service.stop()?.code == 0)
        }

        @Test("a broker whose socket was removed while the service runs is started again")
        func removedSocket() throws {
            let service = try RunningService(in: sandbox)
            let path = "\(sandbox.data)/broker/broker.sock"
            try FileManager.default.removeItem(atPath: path)
            try eventually("the socket is there again") { FileManager.default.fileExists(atPath: path) }
            try eventually("the service says it") {
                service.errors.contains("socket was removed or replaced")
            }
            #expect(try sendRow().code == 0)
            #expect(service.stop()?.code == 0)
        }

        @Test("a broker whose executable was replaced, as by an upgrade, is ended and not adopted")
        func replacedExecutable() throws {
            let program = "\(sandbox.path)/mosquitto"
            try FileManager.default.copyItem(atPath: Self.mosquitto, toPath: program)
            let service = try RunningService(in: sandbox, environment: ["VARVE_BROKER_EXECUTABLE": program])
            let broker = try #require(service.brokerIdentifier)
            service.killService()
            try FileManager.default.removeItem(atPath: program)
            try FileManager.default.copyItem(atPath: Self.mosquitto, toPath: program)
            try service.start()
            let next = try #require(service.brokerIdentifier)
            #expect(next != broker && !isAlive(broker))
            #expect(try sendRow().code == 0)
            #expect(service.stop()?.code == 0)
            #expect(service.brokerIdentifier == nil)
        }

        @Test("the service works in a data directory whose path is longer than a socket address")
        func deepDirectory() throws {
            let deep = sandbox.path + String(repeating: "/a-folder-with-a-long-name", count: 6)
            let port = Int(try Loopback.freePort())
            let service = try sandbox.start(
                ["serve", "--no-supervise", "--mqtt-port", String(port)], data: deep)
            try eventually("it is ready") { service.output.contains("varve: ready") || !service.isRunning }
            kill(service.identifier, SIGTERM)
            let ending = service.wait()
            #expect(ending.code == 0 && ending.errors.contains("taking messages"), "\(ending.errors)")
        }

        @Test(
            "the broker may open as many files as the system allows, and the number is reported; the service keeps its limit"
        )
        func openFiles() throws {
            let port = Int(try Loopback.freePort())
            let service = try sandbox.start(
                program: [
                    "/bin/sh", "-c",
                    "ulimit -Sn 300; exec \(Installation.varve) serve --no-supervise --mqtt-port \(port)",
                ], environment: ["VARVE_DATA": sandbox.data])
            try eventually("it is ready") { service.output.contains("varve: ready") || !service.isRunning }
            let line = try #require(
                service.errors.split(separator: "\n").first { $0.contains("broker started") })
            let broker = try #require(
                line.split(whereSeparator: { " ;".contains($0) }).compactMap { pid_t($0) }.first)
            func limits(_ process: pid_t) throws -> [Substring] {
                let text = try String(contentsOfFile: "/proc/\(process)/limits", encoding: .utf8)
                let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("Max open files") })
                return line.split(separator: " ")
            }
            let files = try limits(broker)
            #expect(files[3] == files[4] && files[3] != "300")
            #expect(try limits(service.identifier)[3] == "300")
            // 1000 is the default of broker.connections.
            let room = min((Int(files[3]) ?? .max) - 24, 1000)
            #expect(line.contains("room for \(room) clients"), "\(line)")
            kill(service.identifier, SIGTERM)
            #expect(service.wait().code == 0)
        }
    }
}

/// Listens on a Unix socket in place of a broker.
private final class ForeignListener {
    private let descriptor: Int32

    init(_ path: String) throws {
        unlink(path)
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        try #require(bound == 0 && listen(descriptor, 8) == 0)
    }

    deinit { close(descriptor) }

    /// The bytes received on all connections so far.
    func heard() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, 0) > 0 {
            let connection = accept(descriptor, nil, nil)
            defer { close(connection) }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(connection, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { bytes += buffer[..<count] }
        }
        return bytes
    }
}
