// IndependentCalculation.swift — asks the Python scripts in Independent/ what a store must hold.

import Foundation
import Testing
import VarveTestSupport

/// One output of Varve to compare with the calculation.
struct Comparison {
    enum Kind: String {
        /// Samples: device, point, time, value, quality.
        case rows
        /// Buckets of an hour with avg, min, max, sum, count, first and last, of numbers.
        case hours
        /// Buckets of an hour with count, first and last, of texts.
        case texts
        /// Every hour of a range of one number point with count, twa and last, filled with `previous`.
        case held
    }

    var kind: Kind
    /// The file with what Varve printed as CSV.
    var output: String
    var device: String?
    var point: String?
    /// The range, in nanoseconds since 1970.
    var from: Int?
    var to: Int?
    /// How many nanoseconds a value holds at most.
    var hold: Int?
}

/// What the calculation found.
struct IndependentCalculation {
    /// The counts of an import into an empty store, by name.
    var counts: [String: Int]
    /// The number of visible samples.
    var visible: Int
    var first: Int
    var last: Int
    var unit: String
    /// For each comparison the rows that are equal and the first difference.
    var results: [(rows: Int, problem: String?)]

    /// The scripts could not be run.
    struct Failure: Error { var text: String }

    /// Calculates a CSV file and compares outputs with it.
    static func of(_ file: String, _ checks: [Comparison], in sandbox: Sandbox) throws -> Self {
        let request: [String: Any] = [
            "file": file,
            "checks": checks.map { check in
                let fields: [String: Any?] = [
                    "kind": check.kind.rawValue, "output": check.output, "device": check.device,
                    "point": check.point, "from": check.from, "to": check.to,
                    "hold": check.hold,
                ]
                return fields.compactMapValues { $0 }
            },
        ]
        let input = try sandbox.write(try JSONSerialization.data(withJSONObject: request), "request.json")
        let ending = try python("compare.py", [], input: input, in: sandbox)
        let answer = try ending.object()
        let results = answer["checks"] as? [[String: Any]] ?? []
        return Self(
            counts: answer["counts"] as? [String: Int] ?? [:], visible: answer["visible"] as? Int ?? -1,
            first: answer["first"] as? Int ?? -1, last: answer["last"] as? Int ?? -1,
            unit: answer["unit"] as? String ?? "",
            results: results.map { ($0["rows"] as? Int ?? -1, $0["problem"] as? String) })
    }

    /// Writes a generated file and returns its path.
    static func generate(seed: Int, rows: Int, _ name: String, in sandbox: Sandbox) throws -> String {
        let path = "\(sandbox.path)/\(name)"
        _ = try python("generate.py", [String(seed), String(rows), path], input: "/dev/null", in: sandbox)
        return path
    }

    /// Runs a script and returns how it ended.
    ///
    /// - Throws: `Failure` if the script fails or Python is missing.
    static func python(
        _ script: String, _ arguments: [String], input: String, in sandbox: Sandbox
    ) throws -> Ending {
        guard let python = Installation.find("python3") else { throw Failure(text: "there is no python3") }
        let command = [python, "-B", Installation.resource("Independent/\(script)")] + arguments
        let ending = try sandbox.start(program: command, input: input).wait()
        guard ending.code == 0 else { throw Failure(text: "\(script): \(ending.errors)") }
        return ending
    }
}
