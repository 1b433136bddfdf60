// Recordings.swift — the real recordings that tests read: those in the folder of VARVE_TEST_DATA, and the sample.

import Foundation

/// A file of real data.
struct Recording: CustomStringConvertible, Sendable {
    var path: String
    /// Whether only one device of it is read back, because all devices would take minutes.
    var isLarge = false

    var description: String { (path as NSString).lastPathComponent }

    /// The folder of the repository, from the path at which this file was compiled.
    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The large recordings in the folder that `VARVE_TEST_DATA` names; empty if it is not set.
    ///
    /// `Benchmarks/Recordings.md` says where they come from.
    static let beside: [Recording] = {
        guard let folder = ProcessInfo.processInfo.environment["VARVE_TEST_DATA"] else { return [] }
        return ["battery_cyclers", "metrics_nab", "solar_pvanalytics", "wind_haute_borne"]
            .map { Recording(path: "\(folder)/\($0).csv.gz", isLarge: $0.hasPrefix("wind")) }
            .filter { FileManager.default.fileExists(atPath: $0.path) }
    }()

    /// The samples in the repository.
    static let inside: [Recording] = {
        let folder = repository.appendingPathComponent("Tools/sample-data").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".csv.gz") }.sorted().map { Recording(path: "\(folder)/\($0)") }
    }()
}
