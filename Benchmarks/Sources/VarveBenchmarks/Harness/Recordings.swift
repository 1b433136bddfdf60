// Recordings.swift — the real recordings that are imported, and a substitute if they are absent.

import VarveFile

/// A file to import.
struct Recording {
    let name: String
    let path: String
}

/// The recordings in a folder.
struct Recordings {
    private static let names = ["wind_haute_borne", "solar_pvanalytics", "metrics_nab", "battery_cyclers"]

    /// All recordings in the folder, the wind farm first.
    let all: [Recording]
    /// The recording whose import and queries are measured.
    let main: Recording
    /// Whether goals apply to it: they were set for the whole wind recording.
    let isComplete: Bool
    /// Lines about missing recordings, for the report.
    let notes: [String]

    /// Finds the recordings in `folder`.
    ///
    /// If all of them are absent, every `.csv.gz` in the folder takes their place.
    init(in folder: String, files: any FileSystem) throws {
        let present = try files.list(folder)
        var all = Self.names.filter { present.contains("\($0).csv.gz") }
            .map { Recording(name: $0, path: "\(folder)/\($0).csv.gz") }
        let missing = Self.names.filter { name in !all.contains { $0.name == name } }
        if all.isEmpty {
            all = present.filter { $0.hasSuffix(".csv.gz") }
                .map { Recording(name: String($0.dropLast(7)), path: "\(folder)/\($0)") }
        }
        guard let main = all.first else {
            throw HarnessError("no .csv.gz recording in \(folder): name a folder with --data")
        }
        self.all = all
        self.main = main
        isComplete = main.name == Self.names[0]
        notes =
            missing.isEmpty
            ? [] : ["Skipped, as they are not in the data folder: " + missing.joined(separator: ", ") + "."]
    }
}
