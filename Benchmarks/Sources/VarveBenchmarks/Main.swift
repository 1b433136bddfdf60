// Main.swift — runs the workloads and writes the report.
//
// The order matters: workloads that measure child processes come before those that need much memory in this
// process (see ChildProcess).

import Glibc
import VarveFile

@main
enum Main {
    static func main() {
        do {
            let words = Array(CommandLine.arguments.dropFirst())
            if words.count == 3, words[0] == "displace" {
                return try DisplacedRows.write(from: words[1], to: words[2], files: POSIXFileSystem())
            }
            if words.count == 4, words[0] == "shuffle", let count = Int(words[1]), let seed = UInt64(words[2])
            {
                return try ShuffledRows(count).write(seed: seed, to: words[3], files: POSIXFileSystem())
            }
            if words.count == 2, words[0] == "shuffle-digest", let count = Int(words[1]) {
                return print(try ShuffledRows(count).digest())
            }
            try run(Arguments(words))
        } catch {
            tell("VarveBenchmarks: \(error)")
            exit(1)
        }
    }

    private static func run(_ arguments: Arguments) throws {
        let files = POSIXFileSystem()
        let recordings = try Recordings(in: arguments.data, files: files)
        let scratch = try TemporaryFolder("varve-benchmark")
        let loadBefore = Machine.load
        var body = Report()
        try measure(arguments, recordings, scratch, into: &body)
        var head = Report()
        head.add("# Benchmarks: the last report")
        head.add("Made by `Tools/benchmark`; how to read it: README.md beside it.")
        head.add(
            header(arguments, load: "\(loadBefore) at the start, \(Machine.load) at the end")
                .map { "- \($0.0): \($0.1)" }.joined(separator: "\n"))
        for note in recordings.notes { head.add(note) }
        try Array((head.text + body.text.dropLast()).utf8).withUnsafeBytes {
            try files.replace(arguments.report, $0)
        }
    }

    private static func measure(
        _ arguments: Arguments, _ recordings: Recordings, _ scratch: TemporaryFolder,
        into report: inout Report
    ) throws {
        if arguments.wants("imports") {
            tell("measuring imports")
            var workload = ImportWorkload(
                tool: arguments.tool, recording: recordings.main, scratch: scratch, runs: arguments.runs,
                hasGoals: recordings.isComplete)
            try workload.run(into: &report)
        }
        if arguments.wants("channel") {
            tell("measuring the offline channel")
            try ChannelWorkload(tool: arguments.tool, scratch: scratch, runs: arguments.runs).run(
                into: &report)
        }
        if arguments.wants("scripts") {
            tell("measuring scripts")
            try ScriptWorkload(tool: arguments.tool, runs: arguments.runs).run(into: &report)
        }
        if arguments.wants("opening") {
            tell("measuring large stores")
            try OpenWorkload(tool: arguments.tool, scratch: scratch, runs: arguments.runs).run(into: &report)
        }
        if arguments.wants("upkeep") {
            tell("measuring upkeep")
            try UpkeepWorkload(scratch: scratch, runs: arguments.runs).run(into: &report)
        }
        let sizes = SizeWorkload(tool: arguments.tool, recordings: recordings, scratch: scratch)
        try sizes.prepare()
        if arguments.wants("queries") {
            tell("measuring queries")
            try QueryWorkload(
                tool: arguments.tool, store: SizeWorkload.path(of: recordings.main, in: scratch),
                runs: arguments.runs, hasGoals: recordings.isComplete
            ).run(into: &report)
        }
        if arguments.wants("sizes") {
            tell("measuring sizes")
            try sizes.run(into: &report)
        }
        if arguments.wants("imports") {
            tell("measuring phases")
            try PhaseWorkload(recording: recordings.main, scratch: scratch, runs: arguments.runs)
                .run(into: &report)
        }
        if arguments.wants("recovery") {
            tell("measuring recovery")
            try RecoveryWorkload(scratch: scratch, runs: arguments.runs).run(into: &report)
        }
        if arguments.wants("messages") {
            tell("measuring messages")
            try MessageWorkload(scratch: scratch, runs: arguments.runs).run(into: &report)
        }
        if arguments.wants("codecs") {
            tell("measuring codecs")
            try CodecWorkload(recordings: recordings, scratch: scratch, runs: arguments.runs)
                .run(into: &report)
        }
    }

    /// Writes a line to standard error.
    private static func tell(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        write(STDERR_FILENO, bytes, bytes.count)
    }

    private static func header(_ arguments: Arguments, load: String) -> [(String, String)] {
        [
            ("Date", Machine.date), ("Machine", Machine.description), ("Versions", arguments.versions),
            ("Load average over 1, 5, 15 minutes", load),
            ("Runs of each measurement", "\(arguments.runs)"),
        ]
    }
}
