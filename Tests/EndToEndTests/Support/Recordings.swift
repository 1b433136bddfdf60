// Recordings.swift — the real recordings that tests read: those beside the repository and the sample inside it.

import Foundation

/// A file of real data.
struct Recording: CustomStringConvertible, Sendable {
    var path: String
    /// Whether only one device of it is read back, as all would take minutes.
    var isLarge = false

    var description: String { (path as NSString).lastPathComponent }

    /// The folder of the repository, told by where this file was compiled.
    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The folder of the large recordings: `VARVE_TEST_DATA`, else `shared/data` beside the repository.
    static let folder: String =
        ProcessInfo.processInfo.environment["VARVE_TEST_DATA"]
        ?? repository.deletingLastPathComponent().appendingPathComponent("shared/data").path

    /// The recordings of that folder; none where it is absent.
    static let beside: [Recording] = [
        "battery_cyclers", "metrics_nab", "solar_pvanalytics", "wind_haute_borne",
    ].map { Recording(path: "\(folder)/\($0).csv.gz", isLarge: $0.hasPrefix("wind")) }
        .filter { FileManager.default.fileExists(atPath: $0.path) }

    /// The samples in the repository.
    static let inside: [Recording] = {
        let folder = repository.appendingPathComponent("Tools/sample-data").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".csv.gz") }.sorted().map { Recording(path: "\(folder)/\($0)") }
    }()
}
