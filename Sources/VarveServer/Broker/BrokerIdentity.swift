// BrokerIdentity.swift — which process is the broker of this data directory, and which only looks like it.
//
// Arguments prove nothing, because any process can have them. The facts that count come from the kernel: the user of
// the process, the file it runs, and the process that listens on the socket in the broker's folder. Only the service's
// user can put a socket there.
//
// Invariants:
// - Only a process of the service's own user with exactly the broker's arguments is a candidate.
// - A candidate is the broker if it runs the service's mosquitto or listens on the socket. So a broker whose executable
//   was replaced by an upgrade can still be stopped.
// - A candidate can be adopted only if it does both: then only this process receives what is sent to the socket.

import Glibc
import VarveFile
import VarvePlatform

/// Recognises the broker's process.
struct BrokerIdentity: Sendable {
    let folder: BrokerFolder
    /// The executable, as the kernel names it.
    let executable: String
    let files: any FileSystem

    /// The arguments of a broker, without the executable.
    static func arguments(_ configuration: String) -> [String] { ["-c", configuration] }

    /// The processes of the service's user that have a broker's arguments, with any configuration of this folder.
    ///
    /// - Throws: `FileError` if /proc cannot be listed.
    func candidates() throws -> [RunningProcess] { try ProcessTable.find(files, where: isCandidate) }

    /// The process with this id, if it is a candidate.
    func candidate(_ id: Int32) -> RunningProcess? {
        ProcessTable.process(files, id).flatMap { isCandidate($0) ? $0 : nil }
    }

    /// Whether a candidate is this data directory's broker, so that it may be stopped.
    func isOurs(_ process: RunningProcess, listener: LocalSocketConnection.Peer?) -> Bool {
        runsExecutable(process) || isListener(process, listener)
    }

    /// Whether a candidate is the broker, has this configuration and can be reached.
    func isAdoptable(
        _ process: RunningProcess, configuration: String, listener: LocalSocketConnection.Peer?
    ) -> Bool {
        runsExecutable(process) && isListener(process, listener)
            && process.arguments == [executable] + Self.arguments(configuration)
    }

    /// The process that listens on the socket in the broker's folder; nil if none does.
    func listener() -> LocalSocketConnection.Peer? {
        // Nothing is sent: the broker only sees a connection that is opened and closed.
        (try? LocalSocketConnection.connect(to: folder.socket))?.peer
    }

    private func isCandidate(_ process: RunningProcess) -> Bool {
        process.user == geteuid() && process.arguments.count == 3 && process.arguments[1] == "-c"
            && folder.isConfiguration(process.arguments[2])
    }

    private func runsExecutable(_ process: RunningProcess) -> Bool {
        process.executable == executable
    }

    private func isListener(_ process: RunningProcess, _ listener: LocalSocketConnection.Peer?) -> Bool {
        listener.map { $0.processID == Int(process.id) && $0.userID == process.user } ?? false
    }
}
