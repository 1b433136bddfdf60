// ImportedStore.swift — a file imported once into a store of its own, and the ways to read it back.

import Foundation
import VarveTestSupport

/// A store that holds one file.
struct ImportedStore {
    let file: String
    let sandbox: Sandbox
    /// How the import ended.
    let ending: Ending

    static let aggregates = "avg,min,max,sum,count,first,last"

    /// Imports a file into an empty data directory.
    init(_ file: String, in sandbox: Sandbox) throws {
        self.file = file
        self.sandbox = sandbox
        ending = try sandbox.varve("import", "--register", "--json", "--quiet", file)
    }

    /// The device keys of a data directory.
    func devices(of data: String? = nil) throws -> [String] {
        let list = try sandbox.varve(["device", "list", "--json"], data: data).array()
        return list.compactMap { $0["device"] as? String }
    }

    /// Queries devices as CSV and returns the file with the answer; throws if the query fails.
    func query(
        _ devices: [String], _ options: [String] = [], data: String? = nil
    ) throws -> String {
        let named = devices.flatMap { ["--device", $0] }
        let ending = try sandbox.varve(["query", "--format", "csv"] + named + options, data: data)
        guard ending.code == 0 else { throw IndependentCalculation.Failure(text: ending.errors) }
        return ending.outputPath
    }

    /// Queries hourly aggregates: all of them if the devices have numbers, else those of texts.
    func hours(_ devices: [String], _ options: [String]) throws -> (kind: Comparison.Kind, file: String) {
        let hourly = options + ["--every", "1h", "--agg"]
        do {
            return (.hours, try query(devices, hourly + [Self.aggregates]))
        } catch let failure as IndependentCalculation.Failure
            where failure.text.contains("which has count, first and last only")
        {
            return (.texts, try query(devices, hourly + ["count,first,last"]))
        }
    }

    /// The answers to all queries that a test makes of a whole store, as bytes.
    func answers(_ devices: [String], data: String? = nil) throws -> [Data] {
        let rows = try query(devices, data: data)
        let hours = try query(devices, ["--every", "1h", "--agg", Self.aggregates], data: data)
        return try [rows, hours].map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    }

    /// What `varve stats --json` says.
    func statistics(of data: String? = nil) throws -> [String: Any] {
        try sandbox.varve(["stats", "--json"], data: data).object()
    }
}
