// SizeWorkload.swift — the bytes per sample of each recording in a store of its own, imported and compacted.
//
// All bytes of the store count: segments with their indexes, manifests, dictionaries, WAL.

import VarveFile
import VarveStorage

/// Measures the size of stores, which stay in the scratch folder for other workloads.
struct SizeWorkload {
    let tool: String
    let recordings: Recordings
    let scratch: TemporaryFolder

    /// The store of a recording, as imported.
    static func path(of recording: Recording, in scratch: TemporaryFolder) -> String {
        "\(scratch.path)/store-\(recording.name)"
    }

    /// Imports every recording.
    func prepare() throws {
        for recording in recordings.all {
            let path = Self.path(of: recording, in: scratch)
            _ = try ChildProcess.run(
                [tool, "import", "--data", path, "--register", "--quiet", recording.path])
        }
    }

    /// Adds the table, and compacts each store meanwhile.
    func run(into report: inout Report) throws {
        var rows: [[String]] = []
        for recording in recordings.all {
            let path = Self.path(of: recording, in: scratch)
            let imported = try Store.open(path, options: .reading).statistics()
            let compact = try ChildProcess.run([tool, "compact", "--data", path, "--wait", "--quiet"])
            let compacted = try Store.open(path, options: .reading).statistics()
            rows.append([
                recording.name, "\(imported.series)", "\(imported.samples)",
                "\(imported.bytes)", perSample(imported), "\(compacted.bytes)", perSample(compacted),
                Figure.number(compact.seconds),
            ])
        }
        report.add(
            "Size on disk, each recording in a store of its own",
            header: [
                "recording", "series", "samples", "bytes imported", "B/sample", "bytes compacted", "B/sample",
                "s to compact",
            ], rows)
    }

    private func perSample(_ statistics: StoreStatistics) -> String {
        statistics.bytesPerSample.map { Figure.fixed($0, decimals: 4) } ?? "–"
    }
}
