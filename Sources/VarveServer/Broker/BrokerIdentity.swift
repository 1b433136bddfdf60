// BrokerIdentity.swift — which process is the broker of this data directory; whatever else looks like it is not.
//
// A name in the arguments says nothing: everybody may write one there. What counts is what the kernel says: whose
// process it is, what file it runs, and who listens on the socket in the broker's folder, into which nobody but the
// service's user can put one.
//
// Invariants:
// - Only a process of the service's own user with exactly our arguments is a candidate.
// - A candidate is ours if it runs the very executable, or listens on the socket: so the broker of an executable
//   that was replaced meanwhile (an upgrade) can still be ended.
// - It can be adopted only if both hold: then what is sent to the socket reaches it and nobody else.

import Glibc
import VarveFile
import VarvePlatform

/// Tells the broker from what only looks like it.
struct BrokerIdentity: Sendable {
    let folder: BrokerFolder
    /// The executable, as the kernel names it.
    let executable: String
    let files: any FileSystem

    /// What a broker is started with, less the executable.
    static func arguments(_ configuration: String) -> [String] { ["-c", configuration] }

    /// The processes of our user that have our arguments, with a configuration of this folder of whatever settings.
    func candidates() throws -> [RunningProcess] { try ProcessTable.find(files, where: isCandidate) }

    /// The process of that number if it is a candidate.
    func candidate(_ id: Int32) -> RunningProcess? {
        ProcessTable.process(files, id).flatMap { isCandidate($0) ? $0 : nil }
    }

    /// Whether a candidate is our broker, as far as can be known.
    func isOurs(_ process: RunningProcess, listener: LocalSocketConnection.Peer?) -> Bool {
        runsExecutable(process) || isListener(process, listener)
    }

    /// Whether a candidate is a broker with this configuration that can be reached.
    func isAdoptable(
        _ process: RunningProcess, configuration: String, listener: LocalSocketConnection.Peer?
    ) -> Bool {
        runsExecutable(process) && isListener(process, listener)
            && process.arguments == [executable] + Self.arguments(configuration)
    }

    /// Who listens on the socket in the broker's folder; nil if nobody does.
    func listener() -> LocalSocketConnection.Peer? {
        // Nothing is sent: the broker sees a connection that is closed again.
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
