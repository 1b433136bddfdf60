// AttackTests.swift — the short forms of Tools/attack and Tools/kill-service against the service of this build.
//
// The clients and the ledger are written in Python and share no code with Varve.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite(.enabled(if: BrokerClients.isInstalled, "mosquitto is not installed"))
    struct AttackTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        private static let attacks = [
            "flood-qos1", "flood-many", "stopped", "retained", "away-sessions", "slow-readers", "properties",
            "half-open", "subscriptions", "wills", "session-theft", "big", "connections",
        ]

        @Test(
            "under an attack nothing answered is lost, refusals are in the log, and memory and the neighbour are not affected",
            arguments: attacks)
        func attack(name: String) throws {
            let ending = try tool("attack", ["--only", name])
            print(ending.output)
            #expect(ending.code == 0, "\(ending.output)\(ending.errors)")
        }

        @Test("every attack of the tool is run here")
        func allAttacks() throws {
            let list = try tool("attack", ["--list"]).output.split(separator: "\n")
            #expect(list.compactMap { $0.split(separator: " ").first.map(String.init) } == Self.attacks)
        }

        @Test(
            "after kills of service, supervisor and broker the store matches an outside ledger, and planted faults are found"
        )
        func kills() throws {
            let ending = try tool("kill-service", ["--kills", Installation.isThorough ? "200" : "6"])
            print(ending.output)
            #expect(ending.code == 0, "\(ending.output)\(ending.errors)")
        }

        private func tool(_ name: String, _ arguments: [String]) throws -> Ending {
            let tools = Recording.repository.appendingPathComponent("Tools").path
            let binaries = URL(fileURLWithPath: Installation.varve).deletingLastPathComponent().path
            return try sandbox.start(
                program: ["/usr/bin/python3", "\(tools)/\(name)", "--bin", binaries] + arguments
            ).wait()
        }
    }
}
