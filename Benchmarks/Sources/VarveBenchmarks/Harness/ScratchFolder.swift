// ScratchFolder.swift — a folder for the stores of a run, removed at its end.

import Glibc

/// A folder of our own under TMPDIR or /tmp.
final class ScratchFolder {
    let path: String

    init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/varve-benchmark.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw HarnessError("cannot make a folder in \(parent): \(String(cString: strerror(errno)))")
        }
        path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }

    deinit {
        Self.remove(path)
    }

    /// A path in the folder, with nothing there.
    func fresh(_ name: String) -> String {
        let full = "\(path)/\(name)"
        Self.remove(full)
        return full
    }

    /// A leftover is no reason to lose a report.
    private static func remove(_ path: String) {
        _ = try? ChildProcess.run(["rm", "-rf", "--", path])
    }
}
