// SmallDiskTests.swift — a real disk that is too small: a tmpfs of 1 MiB.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite(.enabled(if: SmallDisk.canMount, "no tmpfs can be mounted here")) struct SmallDiskTests {
        @Test("an import that does not fit fails without a receipt, and what was there before stays whole")
        func doesNotFit() throws {
            let sandbox = try Sandbox()
            try SmallDisk.use(at: "\(sandbox.path)/disk") { try checkImports(onto: "\($0)/data", sandbox) }
        }

        private func checkImports(onto data: String, _ sandbox: Sandbox) throws {
            let header = "device,point,time,value"
            let small = try sandbox.write(lines: [header, "T1,p,2024-01-01T00:00:00Z,1"], "small.csv")
            let first = try sandbox.varve(["import", "--register", "--json", small], data: data)
            #expect(first.code == 0, "\(first.errors)")
            var generator = SeededGenerator(seed: 5)
            let noise = (0..<200_000).map {
                "T1,q,\(1_700_000_000 + $0),\(Double.random(in: 0...1, using: &generator))"
            }
            let large = try sandbox.write(lines: [header] + noise, "large.csv")
            let command = ["import", "--register", "--json", "--quiet", large]
            let full = try sandbox.varve(command, data: data)
            #expect(full.code == 1)
            #expect(full.errorLines.count == 1 && full.errors.contains("no space left"), "\(full.errors)")
            #expect(full.output.isEmpty)
            let verify = try sandbox.varve(["verify", "--deep"], data: data)
            #expect(verify.code == 0, "\(verify.output)")
            #expect(try sandbox.varve(["stats", "--json"], data: data).object()["samples"] as? Int == 1)
            // On a larger disk the same directory can take the whole import.
            let moved = try sandbox.copy(data, to: "moved")
            #expect(try sandbox.varve(command, data: moved).receipt()["accepted"] == noise.count)
        }
    }
}
