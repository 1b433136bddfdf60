// ImportWorkload.swift — whole-process imports by `varve import`, the first one, again and late; compaction,
// export, memory.

import VarveFile
import VarveStorage

/// Measures the tool on the main recording.
struct ImportWorkload {
    let tool: String
    let recording: Recording
    let scratch: TemporaryFolder
    let runs: Int
    /// Whether the goals apply to the recording.
    let hasGoals: Bool

    private var rate = Figure()
    private var processor = Figure()
    private var memory = Figure()
    private var againRate = Figure()
    private var againGrowth = Figure()
    private var compaction = Figure()
    private var compactionMemory = Figure()
    private var exportRate = Figure()
    private var exportMemory = Figure()

    init(tool: String, recording: Recording, scratch: TemporaryFolder, runs: Int, hasGoals: Bool) {
        self.tool = tool
        self.recording = recording
        self.scratch = scratch
        self.runs = runs
        self.hasGoals = hasGoals
    }

    /// Runs all measurements and adds two sections to the report.
    mutating func run(into report: inout Report) throws {
        for _ in 0..<runs { try measureOnce() }
        let ratio = Figure([againRate.median / rate.median])
        report.add(
            "Import of \(recording.name).csv.gz, whole process",
            [
                .init("import into an empty directory", "M samples/s", rate, goal(.atLeast(1))),
                .init("processor time of it", "s", processor),
                .init("peak memory of it", "MiB", memory, goal(.atMost(512))),
                .init("import again", "M samples/s", againRate),
                .init("import again / first import", "rate ratio", ratio, goal(.atLeast(1))),
                .init("growth of the store by it", "%", againGrowth, goal(.below(0.1))),
                .init("`varve compact --wait` after it", "M samples/s", compaction),
                .init("peak memory of it", "MiB", compactionMemory, goal(.atMost(512))),
                .init("export of everything as CSV", "M samples/s", exportRate),
                .init("peak memory of it", "MiB", exportMemory, goal(.atMost(512))),
            ])
        try addLateData(to: &report)
    }

    private func goal(_ goal: Goal) -> Goal? { hasGoals ? goal : nil }

    private func importing(_ file: String, into store: String) throws -> ChildProcess {
        try ChildProcess.run([tool, "import", "--data", store, "--register", "--quiet", file])
    }

    private func statistics(of store: String) throws -> StoreStatistics {
        try Store.open(store, options: .reading).statistics()
    }

    private mutating func measureOnce() throws {
        let store = scratch.fresh("import")
        let first = try importing(recording.path, into: store)
        let before = try statistics(of: store)
        let again = try importing(recording.path, into: store)
        let after = try statistics(of: store)
        let compact = try ChildProcess.run([tool, "compact", "--data", store, "--wait", "--quiet"])
        let file = scratch.fresh("export.csv")
        let export = try ChildProcess.run(
            [tool, "export", "--data", store, "--format", "csv", "--out", file, "--quiet"])
        let rows = Double(before.samples) / 1e6
        rate.add(rows / first.seconds)
        processor.add(first.processorSeconds)
        memory.add(first.peakMemory)
        againRate.add(rows / again.seconds)
        againGrowth.add((Double(after.bytes) / Double(before.bytes) - 1) * 100)
        compaction.add(rows / compact.seconds)
        compactionMemory.add(compact.peakMemory)
        exportRate.add(rows / export.seconds)
        exportMemory.add(export.peakMemory)
        _ = scratch.fresh("export.csv")
    }

    /// Imports the unpacked rows in order, and with one in twenty displaced, in turn.
    private func addLateData(to report: inout Report) throws {
        let inOrder = scratch.fresh("in-order.csv")
        let late = scratch.fresh("late.csv")
        _ = try ChildProcess.run(["gzip", "-dc", recording.path], output: inOrder)
        _ = try ChildProcess.run([CommandLine.arguments[0], "displace", inOrder, late])
        var times = (inOrder: Figure(), late: Figure())
        var ratio = Figure()
        var amplification = Figure()
        var rows = 0.0
        for _ in 0..<runs {
            let first = try importing(inOrder, into: scratch.fresh("in-order"))
            let store = scratch.fresh("late")
            let second = try importing(late, into: store)
            let size = try statistics(of: store)
            rows = Double(size.samples)
            times.inOrder.add(first.seconds)
            times.late.add(second.seconds)
            ratio.add(second.seconds / first.seconds)
            amplification.add(second.bytesWritten / Double(size.bytes))
        }
        for name in ["in-order.csv", "late.csv", "in-order", "late"] { _ = scratch.fresh(name) }
        report.add(
            "Late data: the same rows unpacked, 5 % of them shuffled over the whole file",
            [
                .init("in order", "M samples/s", times.inOrder.map { rows / $0 / 1e6 }),
                .init("5 % shuffled", "M samples/s", times.late.map { rows / $0 / 1e6 }),
                .init("time per row, shuffled / in order", "ratio", ratio, goal(.atMost(1.3))),
                .init("bytes written / size of the store", "ratio", amplification, goal(.atMost(4))),
            ])
    }
}
