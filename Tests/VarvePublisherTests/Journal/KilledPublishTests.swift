// KilledPublishTests.swift — `varve publish` killed with SIGKILL again and again: nothing is missing in the end.

import Foundation
import Glibc
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct KilledPublishTests {
    /// The executable built with these tests.
    private static let varve: String = {
        let given = ProcessInfo.processInfo.environment["VARVE_BINARY"]
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return given ?? own.deletingLastPathComponent().appendingPathComponent("varve").path
    }()

    private func start(
        _ arguments: [String], password: String? = nil, showsErrors: Bool = false
    ) throws -> (Process, Pipe) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.varve)
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("VARVE_") }
        if let password { variables["VARVE_PASSWORD"] = password }
        process.environment = variables
        let output = Pipe()
        process.standardOutput = output
        process.standardError = showsErrors ? output : FileHandle.nullDevice
        try process.run()
        return (process, output)
    }

    private func end(_ run: (process: Process, output: Pipe)) throws -> (code: Int32, json: [String: Double])
    {
        let output = run.output.fileHandleForReading.readDataToEndOfFile()
        run.process.waitUntilExit()
        let json = (try? JSONSerialization.jsonObject(with: output)) as? [String: Double]
        return (run.process.terminationStatus, json ?? [:])
    }

    @Test("a sender killed eight times goes on where it stopped, and everything arrives")
    func killed() throws {
        let setup = try Setup()
        let rows = 60_000
        let file = try setup.folder.write(Setup.lines(rows), "a.csv")
        let command = [
            "publish", "--url", "mqtt://127.0.0.1:\(setup.broker.port)", "--product", "p", "--json",
            "--quiet",
            "--batch-rows", "100", "--give-up-after", "60", file,
        ]
        for round in 1...8 {
            let before = setup.receiver.messages.count
            let run = try start(command)
            try Wait.until("batches arrive") {
                setup.receiver.messages.count >= before + 50 || !run.0.isRunning
            }
            kill(run.0.processIdentifier, SIGKILL)
            _ = try end(run)
            #expect(setup.receiver.messages.count > before, "round \(round)")
        }
        let last = try end(start(command))
        #expect(last.code == 0)
        #expect(last.json["rows"] == Double(rows) && last.json["acknowledged"] == 600)
        #expect(Set(setup.receiver.messages.flatMap(\.readings)) == Setup.readings(rows))
        let byID = Dictionary(grouping: setup.receiver.messages, by: \.id)
        #expect(byID.count == 600)
        #expect(byID.values.allSatisfy { Set($0.map(\.payload)).count == 1 })
        let again = try end(start(command))
        #expect(again.code == 0 && again.json["earlier"] == 600)
    }

    @Test("Ctrl-C ends it with 1 and a journal that the next run goes on with")
    func interrupted() throws {
        let setup = try Setup()
        let file = try setup.folder.write(Setup.lines(60_000), "a.csv")
        let command = [
            "publish", "--url", "mqtt://127.0.0.1:\(setup.broker.port)", "--product", "p", "--json",
            "--quiet",
            "--batch-rows", "50", file,
        ]
        let run = try start(command)
        try Wait.until("batches arrive") { setup.receiver.messages.count >= 100 || !run.0.isRunning }
        kill(run.0.processIdentifier, SIGINT)
        let stopped = try end(run)
        #expect(stopped.code == 1, "\(setup.receiver.messages.count) messages, \(run.0.terminationReason)")
        let rest = try end(start(command))
        #expect(rest.code == 0 && (rest.json["earlier"] ?? 0) >= 50)
        #expect(Set(setup.receiver.messages.flatMap(\.readings)) == Setup.readings(60_000))
    }

    @Test("the password may come from the variable; a wrong one ends with 1 and the reason")
    func password() throws {
        let broker = try Broker(user: (name: "%channel%&p", password: "p@ss:w%rd"))
        let folder = try Folder()
        let file = try folder.write(Setup.lines(10), "a.csv")
        func publish(_ user: String, _ password: String?) throws -> String {
            let url = "mqtt://\(user)@127.0.0.1:\(broker.port)"
            let arguments = ["publish", "--url", url, "--give-up-after", "1", file]
            let run = try start(arguments, password: password, showsErrors: true)
            let text = run.1.fileHandleForReading.readDataToEndOfFile()
            run.0.waitUntilExit()
            #expect(run.0.terminationStatus == 1)
            return String(decoding: text, as: UTF8.self)
        }
        // Nobody answers, so a login that is accepted ends by giving up.
        #expect(try publish("%25channel%25&p:wrong", nil).contains("refuses the login"))
        #expect(try publish("%25channel%25&p", "wrong").contains("refuses the login"))
        #expect(try publish("%25channel%25&p", nil).contains("has no password"))
        #expect(try publish("%25channel%25&p", "p@ss:w%rd").contains("gave up after 1 s"))
        #expect(try publish("%channel%&p:p@ss:w%25rd", nil).contains("gave up after 1 s"))
    }
}
