// RunnerPath.swift — where the runner's executable is.

import VarveFile
public import VarvePlatform

/// Looks for the executable that runs scripts.
public enum RunnerPath {
    /// The name of the executable.
    static let name = "VarveScriptRunner"

    /// The runner beside this executable, else the one in `../libexec/varve`.
    ///
    /// - Throws: `LaunchFailure` if it is in neither place.
    public static func find() throws(LaunchFailure) -> String {
        let files = POSIXFileSystem()
        let folders = files.resolved("/proc/self/exe").split(separator: "/").dropLast()
        let beside = "/" + folders.joined(separator: "/") + "/" + name
        let installed = "/" + folders.dropLast().joined(separator: "/") + "/libexec/varve/" + name
        for path in [beside, installed] {
            if case .file? = try? files.kind(path) { return path }
        }
        throw LaunchFailure(
            "the script runner is neither \(beside) nor \(installed): build or install \(name)")
    }
}
