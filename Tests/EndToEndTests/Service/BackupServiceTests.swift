// BackupServiceTests.swift — a backup made while a service takes data is a whole store, with its registry.

import Foundation
import Testing
import VarveFile
import VarveTestSupport

extension EndToEndTests {
    @Suite struct BackupServiceTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        private func importRows(_ rows: Range<Int>, _ name: String) throws {
            let lines = rows.map { "T\($0 % 2),p,\(1_700_000_000 + $0),\(Double($0) / 8),0" }
            let file = try sandbox.write(lines: ["device,point,time,value,quality"] + lines, name)
            #expect(try sandbox.varve("import", "--register", "--quiet", file).code == 0)
        }

        private func digest(_ data: String) throws -> String {
            let ending = try sandbox.varve(["digest", "--by", "day", "--format", "csv"], data: data)
            #expect(ending.code == 0, "\(ending.errors)")
            return ending.output
        }

        @Test("a backup made and updated beside a service gives the service's answers, and opens without it")
        func besideService() throws {
            let service = try StandInService(sandbox.data)
            try importRows(0..<30_000, "a.csv")
            let copy = sandbox.path + "/copy"
            let first = try sandbox.varve("backup", copy, "--json", "--quiet").object()
            #expect(first["samples"] as? Int == 30_000 && first["keptFiles"] as? Int == 0)
            #expect(try digest(copy) == digest(sandbox.data))

            try importRows(20_000..<50_000, "b.csv")
            let refused = try sandbox.varve("backup", copy)
            #expect(refused.code == 1 && refused.errors.contains("--incremental"))
            let second = try sandbox.varve("backup", copy, "--incremental", "--json").object()
            #expect(second["samples"] as? Int == 50_000 && second["keptFiles"] as? Int ?? 0 > 0)
            #expect(try digest(copy) == digest(sandbox.data))
            #expect(try sandbox.varve(["verify", "--deep"], data: copy).code == 0)
            let devices = ["device", "list", "--json"]
            #expect(try sandbox.varve(devices, data: copy).output == sandbox.varve(devices).output)
            let status = try FileManager.default.attributesOfItem(atPath: copy + "/registry.sqlite")
            #expect(status[.posixPermissions] as? Int == 0o600)
            withExtendedLifetime(service) {}

            // The copy is restored by writing to it: it is then a store of its own and takes no more backups.
            let more = try sandbox.write(lines: ["device,point,time,value", "T0,p,1800000000,1"], "c.csv")
            #expect(try sandbox.varve(["import", more], data: copy).code == 0)
            #expect(try sandbox.varve("backup", copy, "--incremental").code == 1)
        }
    }
}
