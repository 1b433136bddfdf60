// GuideRun.swift — a page's examples run in one shell, in order, in an empty folder with the built programs.
//
// Invariants:
// - Each command's output is in a file of its own, so outputs cannot be mixed up.
// - Processes that a page leaves running end with the shell, and the shell ends within a time limit.

import Foundation
import VarveTestSupport

/// The outputs of a page's examples.
struct GuideRun {
    /// How many seconds a page may take.
    private static let limit = 180
    /// Keeps the folder of the outputs alive.
    private let sandbox: Sandbox
    private let outputs: String

    /// Runs the examples.
    init(_ guide: Guide, in sandbox: Sandbox) throws {
        self.sandbox = sandbox
        let files = FileManager.default
        let folder = "\(sandbox.path)/guide"
        outputs = "\(sandbox.path)/outputs"
        for path in [folder, outputs] {
            try files.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
        // The sample data has the same path as in the repository.
        try files.createSymbolicLink(
            atPath: folder + "/Tools", withDestinationPath: Recording.repository.path + "/Tools")
        let lines = Self.script(guide, folder: folder, outputs: outputs)
        let script = try sandbox.write(lines: lines, "guide.sh")
        let search = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let programs = (Installation.varve as NSString).deletingLastPathComponent
        // `timeout` puts everything that it starts into a process group, and ends the group.
        let ending = try sandbox.start(
            program: ["timeout", "--kill-after=20", String(Self.limit), "bash", script],
            environment: [
                "PATH": "\(programs):\(search)", "LC_ALL": "C.UTF-8",
                "VARVE_MQTT_PORT": String(try Loopback.freePort()),
            ]
        ).wait()
        if ending.code == 124 || ending.code == 137 {
            throw Overdue(description: "the page takes longer than \(Self.limit) s: \(ending.errors)")
        }
    }

    /// What the example of that number printed, on both streams.
    func printed(_ number: Int) -> [String] {
        let text = try? String(contentsOfFile: "\(outputs)/\(number)", encoding: .utf8)
        var lines = (text ?? "(it did not run)").split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    private static func script(_ guide: Guide, folder: String, outputs: String) -> [String] {
        var lines = ["trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT", "cd \(quoted(folder))"]
        var number = 0
        for step in guide.steps {
            switch step {
            case .file(let name, let text):
                lines.append("printf %s \(quoted(text)) >\(quoted(name))")
            case .command(let example):
                lines += commands(example, output: quoted("\(outputs)/\(number)"))
                number += 1
            }
        }
        return lines
    }

    /// The lines that run one example; the exit code is that of its command.
    private static func commands(_ example: Guide.Example, output: String) -> [String] {
        let streams = ">\(output) 2>&1 </dev/null"
        let last = example.lastLine.map { quoted(GuideOutput.expression(of: $0)) }
        if example.isBackground {
            let command = example.command.dropLast(2)
            return ["\(command) \(streams) &"]
                + awaiting(last, in: output, or: "kill -0 $! 2>/dev/null || break")
        }
        let whole = "{ \(example.command)\n} \(streams)"
        // The service writes its log after its answers, so the command is repeated until the entry is there.
        if example.command.hasPrefix("varve log "), last != nil {
            return awaiting(last, in: output, or: whole)
        }
        return [whole]
    }

    /// Waits until a file has such a line; runs another command each time that it does not.
    private static func awaiting(_ line: String?, in output: String, or other: String) -> [String] {
        guard let line else { return [] }
        return [
            "for turn in {1..600}; do grep -qsE -- \(line) \(output) && break", other, "sleep 0.05; done",
        ]
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
