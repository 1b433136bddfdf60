// Installation.swift — where the programs under test and their companions are, and how long the tests may take.

import Foundation

/// The programs that tests run.
package enum Installation {
    /// The path of `varve`: the value of `VARVE_BINARY`, else the program that was built with these tests.
    package static let varve: String = {
        let given = ProcessInfo.processInfo.environment["VARVE_BINARY"]
        return given.map { URL(fileURLWithPath: $0).path } ?? built("varve")
    }()

    /// The path of a file that was built with these tests.
    package static func built(_ name: String) -> String {
        Bundle.main.bundleURL.appendingPathComponent(name).path
    }

    /// The path of the first program of that name in PATH, or nil.
    package static func find(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Whether the tests that take minutes run at full length.
    package static let isThorough = ProcessInfo.processInfo.environment["VARVE_TEST_FULL"] == "1"
}
