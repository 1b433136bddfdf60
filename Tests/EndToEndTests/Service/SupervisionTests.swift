// SupervisionTests.swift — the process that the user starts represents the service: it restarts it and ends it.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct SupervisionTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        /// Kills the worker once it is ready, and waits for the next one.
        private func killWorker(_ service: RunningService, number: Int) throws {
            try eventually("start \(number) is ready") { service.readyCount >= number }
            let worker = try #require(service.worker)
            kill(worker, SIGKILL)
            try eventually("the worker is gone") { !isAlive(worker) }
        }

        @Test(
            "a killed service is started again with its broker, and SIGTERM or Ctrl-C to the first process ends all",
            arguments: [SIGTERM, SIGINT])
        func restart(signal: Int32) throws {
            let service = try RunningService(in: sandbox, isSupervised: true)
            let (first, broker) = (try #require(service.worker), try #require(service.brokerIdentifier))
            #expect(first != service.identifier)
            try killWorker(service, number: 1)
            try eventually("it is ready again") { service.readyCount == 2 }
            #expect(
                service.errors.contains(
                    "the service (process \(first)) was killed by SIGKILL; starting it again"))
            let second = try #require(service.worker)
            #expect(second != first && service.brokerIdentifier == broker)
            #expect(try sandbox.varve("stats", "--metrics").code == 0)
            let ending = try #require(service.stop(signal))
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(!isAlive(second) && service.brokerIdentifier == nil)
            #expect(ending.errorLines.filter { $0.contains("starting it again") }.count == 1)
        }

        @Test("Ctrl-C, which a terminal sends to both processes, ends both with exit code 0")
        func terminal() throws {
            let port = Int(try Loopback.freePort())
            let setsid = try #require(Installation.find("setsid"))
            let process = try sandbox.start(
                program: [setsid, Installation.varve, "serve", "--mqtt-port", String(port)],
                environment: ["VARVE_DATA": sandbox.data])
            try eventually("it is ready") { process.output.contains("varve: ready") }
            kill(-process.identifier, SIGINT)
            let ending = process.wait()
            #expect(ending.code == 0 && ending.errorLines.last == "varve: stopped", "\(ending.errors)")
        }

        @Test(
            "when the first process is killed the service ends too, and one started at once takes its place")
        func killedSupervisor() throws {
            let service = try RunningService(in: sandbox, isSupervised: true)
            let (worker, broker) = (try #require(service.worker), try #require(service.brokerIdentifier))
            service.killService()
            try service.start()
            #expect(!isAlive(worker), "the lock was free only after its end")
            #expect(service.brokerIdentifier == broker, "the broker was left for the next service")
            #expect(service.stop()?.code == 0)
            #expect(service.brokerIdentifier == nil)
        }

        @Test("after five deaths within a minute the end is final: exit code 1 and the reason")
        func fiveDeaths() throws {
            let service = try RunningService(in: sandbox, isSupervised: true)
            for number in 1...5 { try killWorker(service, number: number) }
            let count = service.readyCount
            let ending = try #require(try service.wait())
            #expect(ending.code == 1 && count == 5)
            #expect(ending.errorLines.filter { $0.contains("starting it again in") }.count == 4)
            let last = try #require(ending.errorLines.last)
            #expect(last.hasPrefix("varve: the service died 5 times within 60 s"), "\(last)")
            #expect(last.contains("was killed by SIGKILL"))
        }

        @Test(
            "an error before the service was ever ready is final, with its exit code and one line",
            arguments: [(["--mqtt-port", "70000"], 1), (["--nonsense"], 2), (["--config", "none.json"], 1)]
                as [([String], Int32)])
        func startUpError(options: [String], code: Int32) throws {
            let ending = try sandbox.varve(["serve"] + options)
            #expect(ending.code == code && ending.errorLines.count == 1, "\(ending.errors)")
            #expect(ending.output.isEmpty)
        }

        @Test("under systemd, and with --no-supervise, the process is the service itself")
        func unsupervised() throws {
            for (options, environment) in [(["--no-supervise"], [:]), ([], ["NOTIFY_SOCKET": "/nowhere"])] {
                let port = Int(try Loopback.freePort())
                var environment = environment
                environment["VARVE_DATA"] = sandbox.data
                let process = try sandbox.start(
                    ["serve", "--mqtt-port", String(port)] + options, environment: environment)
                try eventually("it is ready") { process.output.contains("varve: ready") }
                let link = try FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/\(process.identifier)/exe")
                #expect(link.hasSuffix("/varved"))
                kill(process.identifier, SIGTERM)
                #expect(process.wait().code == 0)
            }
        }

        @Test(
            "if standard error was closed, no file of the store gets its descriptor, and messages are dropped"
        )
        func closedStreams() throws {
            let closing = ["/bin/sh", "-c", "exec \"$0\" \"$@\" <&- 2>&-"]
            let service = try RunningService(in: sandbox, prefix: closing, isSupervised: true)
            let processes = [try #require(service.identifier), try #require(service.worker)]
            for process in processes {
                for stream in [0, 2] {
                    let link = try FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/\(process)/fd/\(stream)")
                    #expect(link == "/dev/null", "stream \(stream) of process \(process)")
                }
            }
            #expect(service.stop()?.code == 0)
            #expect(try sandbox.varve("verify").code == 0)
        }

        @Test("the help is that of the service, and lists --no-supervise")
        func help() throws {
            let help = try sandbox.varve("serve", "--help")
            #expect(
                help.code == 0 && help.output.contains("--mqtt-port")
                    && help.output.contains("--no-supervise"))
            #expect(!help.output.contains("--supervisor"))
        }
    }
}
