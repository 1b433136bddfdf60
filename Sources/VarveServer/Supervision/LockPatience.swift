// LockPatience.swift — waits until the previous service has released the data directory.
//
// A service whose supervisor was killed needs up to a second to end. A service that is started in that time would find
// the directory in use.

import Glibc
import VarveControl
import VarveFile
import VarvePlatform

/// Patience with a data directory that is in use.
struct LockPatience {
    /// How long to wait, in seconds.
    static let seconds: Int64 = 5

    let files: any FileSystem

    /// Opens something in a data directory; tries again while another process has it.
    ///
    /// - Throws: What `opening` throws; `ServerError` if the directory is still in use after 5 seconds.
    func wait<Opened>(for opening: () throws -> Opened) throws -> Opened {
        let deadline = SystemClock.monotonicNanoseconds() + Self.seconds * 1_000_000_000
        while true {
            do {
                return try opening()
            } catch let error as DirectoryInUse {
                guard SystemClock.monotonicNanoseconds() < deadline else {
                    throw ServerError(describe(error))
                }
                SystemClock.sleep(nanoseconds: 50_000_000)
            }
        }
    }

    /// Names the process that the user should end: the supervisor, because it would restart its worker.
    private func describe(_ error: DirectoryInUse) -> String {
        guard let id = error.processID, let holder = ProcessTable.process(files, Int32(clamping: id)),
            holder.arguments.dropFirst().first == ServiceArguments.supervisor,
            let supervisor = ProcessTable.parent(files, holder.id), supervisor > 1
        else { return "\(error)" }
        return "\(error.path) is in use by varve serve, process \(supervisor) (its worker is process \(id)); "
            + "stop it first"
    }
}
