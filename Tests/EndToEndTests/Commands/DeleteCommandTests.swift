// DeleteCommandTests.swift — `varve delete`, alone and beside a service: the samples leave every answer and the disk.

import Foundation
import Testing
import VarveFile
import VarveTestSupport

extension EndToEndTests {
    @Suite struct DeleteCommandTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        private func importRows() throws -> String {
            let rows = (0..<20_000).flatMap { row in
                ["p", "q"].map { "T\(row % 2),\($0),\(1_700_000_000 + row),\(Double(row) / 8),0" }
            }
            let file = try sandbox.write(lines: ["device,point,time,value,quality"] + rows, "a.csv")
            #expect(try sandbox.varve("import", "--register", "--quiet", file).code == 0)
            return file
        }

        private func count(_ device: String, _ point: String) throws -> Int {
            let ending = try sandbox.varve(
                "query", "--device", device, "--point", point, "--agg", "count", "--format", "csv")
            #expect(ending.code == 0, "\(ending.errors)")
            return ending.output.split(separator: "\n").dropFirst().compactMap {
                Int($0.split(separator: ",").last ?? "")
            }.reduce(0, +)
        }

        @Test(
            "a range of a point is deleted, then of all points; importing the file again brings the samples back",
            arguments: [false, true])
        func ranges(isBesideService: Bool) throws {
            let service = isBesideService ? try StandInService(sandbox.data) : nil
            let file = try importRows()
            let range = ["--from", "1700010000", "--to", "1700012000"]
            let plan = try sandbox.varve(
                ["delete", "--device", "T0", "--point", "p", "--dry-run", "--json"] + range
            ).object()
            #expect(plan["samples"] as? Int == 1000 && plan["dryRun"] as? Bool == true)
            #expect(try count("T0", "p") == 10_000)

            let text = try sandbox.varve(["delete", "--device", "T0", "--point", "p"] + range)
            #expect(text.code == 0)
            #expect(
                text.output.hasPrefix(
                    "deleted 1 000 samples of 1 series, 2023-11-15T01:00:00Z to 2023-11-15T01:33:18Z, in commit "
                ))
            #expect(try [count("T0", "p"), count("T0", "q"), count("T1", "p")] == [9_000, 10_000, 10_000])

            let erased = try sandbox.varve(
                ["delete", "--device", "default/T0", "--erase", "--json", "--quiet"] + range
            ).object()
            #expect(erased["samples"] as? Int == 1000 && erased["series"] as? Int == 1)
            #expect(erased["erased"] as? Int == 2000)
            #expect(try count("T0", "q") == 9_000)
            let statistics = try sandbox.varve("stats", "--json").object()
            #expect(statistics["samples"] as? Int == 38_000 && statistics["historyBytes"] as? Int == 0)
            #expect(try sandbox.varve("verify", "--deep").code == 0)
            let differences = try sandbox.varve("digest", "--compare", file, "--quiet")
            #expect(differences.code == 1)

            #expect(try sandbox.varve("import", file, "--quiet", "--json").receipt()["accepted"] == 2000)
            #expect(try sandbox.varve("digest", "--compare", file, "--quiet").code == 0)
            withExtendedLifetime(service) {}
        }

        @Test("a deletion that makes no sense deletes nothing and says why")
        func refusals() throws {
            _ = try importRows()
            let range = ["--from", "1700010000", "--to", "1700012000"]
            let cases: [([String], Int32, String)] = [
                (["--device", "T9"] + range, 1, "no device"),
                (["--device", "T0", "--point", "r"] + range, 1, "no point"),
                (["--device", "T0", "--from", "1700010000"], 2, "--to"),
                (["--device", "T0", "--from", "1700010000", "--to", "1700010000"], 2, "--to must be later"),
                (["--device", "T0", "--dry-run", "--erase"] + range, 2, "--dry-run"),
            ]
            for (arguments, code, reason) in cases {
                let ending = try sandbox.varve(["delete"] + arguments)
                #expect(
                    ending.code == code && ending.errors.contains(reason), "\(arguments): \(ending.errors)")
            }
            let none = try sandbox.varve(
                "delete", "--device", "T0", "--from", "1990-01-01", "--to", "1991-01-01")
            #expect(none.code == 0 && none.output == "nothing to delete: no samples of T0 in this range\n")
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == 40_000)
        }
    }
}
