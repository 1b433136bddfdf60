// KilledPublishTests.swift — nothing is missing in the end if `varve publish` is killed again and again with SIGKILL.

import Foundation
import Glibc
import Testing
import VarveFile
import VarveTestSupport

@Suite(.serialized, .timeLimit(.minutes(5))) struct KilledPublishTests {
    private func start(
        _ arguments: [String], password: String? = nil, in folder: TemporaryFolder
    ) throws -> ChildProcess {
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("VARVE_") }
        if let password { variables["VARVE_PASSWORD"] = password }
        return try ChildProcess(
            [Installation.varve] + arguments, environment: variables,
            printsTo: "\(folder.path)/\(UUID().uuidString)")
    }

    private func numbers(_ ending: Ending) -> [String: Double] {
        (try? JSONSerialization.jsonObject(with: Data(ending.output.utf8))) as? [String: Double] ?? [:]
    }

    @Test("a sender killed eight times goes on where it stopped, and everything arrives")
    func killed() throws {
        let setup = try Setup()
        let rows = 60_000
        let file = try setup.folder.write(lines: Setup.lines(rows), "a.csv")
        let command = [
            "publish", "--url", "mqtt://127.0.0.1:\(setup.broker.port)", "--product", "p", "--json",
            "--quiet",
            "--batch-rows", "100", "--give-up-after", "60", file,
        ]
        for round in 1...8 {
            let before = setup.receiver.messages.count
            let run = try start(command, in: setup.folder)
            try eventually("batches arrive") {
                setup.receiver.messages.count >= before + 50 || !run.isRunning
            }
            _ = run.kill(after: 0)
            #expect(setup.receiver.messages.count > before, "round \(round)")
        }
        let last = try start(command, in: setup.folder).wait()
        #expect(last.code == 0)
        #expect(numbers(last)["rows"] == Double(rows) && numbers(last)["acknowledged"] == 600)
        #expect(Set(setup.receiver.messages.flatMap(\.readings)) == Setup.readings(rows))
        let byID = Dictionary(grouping: setup.receiver.messages, by: \.id)
        #expect(byID.count == 600)
        #expect(byID.values.allSatisfy { Set($0.map(\.payload)).count == 1 })
        let again = try start(command, in: setup.folder).wait()
        #expect(again.code == 0 && numbers(again)["earlier"] == 600)
    }

    @Test("Ctrl-C ends the sender with 1 and leaves a journal for the next run")
    func interrupted() throws {
        let setup = try Setup()
        let file = try setup.folder.write(lines: Setup.lines(60_000), "a.csv")
        let command = [
            "publish", "--url", "mqtt://127.0.0.1:\(setup.broker.port)", "--product", "p", "--json",
            "--quiet",
            "--batch-rows", "50", file,
        ]
        let run = try start(command, in: setup.folder)
        try eventually("batches arrive") { setup.receiver.messages.count >= 100 || !run.isRunning }
        kill(run.identifier, SIGINT)
        let stopped = run.wait()
        #expect(stopped.code == 1, "\(setup.receiver.messages.count) messages: \(stopped.errors)")
        let rest = try start(command, in: setup.folder).wait()
        #expect(rest.code == 0 && (numbers(rest)["earlier"] ?? 0) >= 50)
        #expect(Set(setup.receiver.messages.flatMap(\.readings)) == Setup.readings(60_000))
    }

    @Test("the password may come from the variable; a wrong one ends the sender with 1 and the reason")
    func password() throws {
        let broker = try Broker(.login(name: "%channel%&p", password: "p@ss:w%rd"), isPersistent: false)
        let folder = try TemporaryFolder("varve-publish")
        let file = try folder.write(lines: Setup.lines(10), "a.csv")
        func publish(_ user: String, _ password: String?) throws -> String {
            let url = "mqtt://\(user)@127.0.0.1:\(broker.port)"
            let arguments = ["publish", "--url", url, "--give-up-after", "1", file]
            let ending = try start(arguments, password: password, in: folder).wait()
            #expect(ending.code == 1)
            return ending.errors
        }
        // No receiver answers, so the sender gives up after a login that is accepted.
        #expect(try publish("%25channel%25&p:wrong", nil).contains("refuses the login"))
        #expect(try publish("%25channel%25&p", "wrong").contains("refuses the login"))
        #expect(try publish("%25channel%25&p", nil).contains("has no password"))
        #expect(try publish("%25channel%25&p", "p@ss:w%rd").contains("gave up after 1 s"))
        #expect(try publish("%channel%&p:p@ss:w%25rd", nil).contains("gave up after 1 s"))
    }
}
