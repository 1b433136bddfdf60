// BrokerExecutable.swift — where mosquitto is.
//
// Invariants:
// - The path is absolute and has no link in it: the kernel names the file of a running process in the same way.
// - Relative folders of PATH are skipped, because they depend on where the service was started.

import Glibc
import VarveFile

/// Looks for the broker's executable.
enum BrokerExecutable {
    /// The executable of a setting: a path, or a name that is searched in PATH, /usr/sbin and /usr/local/sbin.
    ///
    /// - Throws: `ServerError` if no such program is found.
    static func find(_ name: String, _ files: any FileSystem) throws(ServerError) -> String {
        if name.utf8.contains(UInt8(ascii: "/")) {
            guard isProgram(name, files) else {
                throw ServerError("the broker \(name) is missing or not a program: set broker.executable")
            }
            return files.resolved(name)
        }
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        // mosquitto is in /usr/sbin, which is only in root's PATH.
        for folder in path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"]
        where folder.hasPrefix("/") && isProgram(folder + "/" + name, files) {
            return files.resolved(folder + "/" + name)
        }
        throw ServerError("\(name) is not installed: apt-get install mosquitto, or set broker.executable")
    }

    private static func isProgram(_ path: String, _ files: any FileSystem) -> Bool {
        guard case .file? = try? files.kind(path) else { return false }
        return access(path, X_OK) == 0
    }
}
