// BrokerProcess.swift — the dedicated mosquitto: found again after a crash of the service, started, stopped.
//
// The broker outlives a crash of the service, so that senders can go on. The next service recognises it by what the
// kernel says about it (BrokerIdentity). There is no pid file, which could be stale or name another process. The name
// of the configuration in the broker's arguments holds a hash of all settings. A broker with other settings is ended
// first.
//
// Invariants:
// - At most one broker runs for a data directory, because only the holder of the directory's lock starts one.
// - A process is signalled only through a handle, and only after the handle's process was recognised as the broker.

import Glibc
import Synchronization
import VarveChannel
import VarveFile
import VarvePlatform

/// The mosquitto that the service runs for itself.
final class BrokerProcess: Sendable {
    private struct State {
        var id: Int32?
        var isAdopted = false
        /// The stamp of the socket's file when the broker began to listen on it.
        var socket: FileStamp?
    }

    private let settings: ServerConfiguration
    private let folder: BrokerFolder
    private let files: any FileSystem
    private let plugin: String
    private let identity: BrokerIdentity
    private let state = Mutex(State())

    /// The seconds that a broker may take to start, and to save its state when it stops.
    private static let patienceSeconds: Int64 = 20

    init(
        _ settings: ServerConfiguration, _ folder: BrokerFolder, plugin: String, _ files: any FileSystem
    ) throws {
        self.settings = settings
        self.folder = folder
        self.files = files
        self.plugin = plugin
        identity = BrokerIdentity(
            folder: folder, executable: try BrokerExecutable.find(settings.brokerExecutable, files),
            files: files)
    }

    /// Its process id; nil if it was not started or has been seen to end.
    var id: Int32? { state.withLock { $0.id } }
    /// Whether it already ran when this service started.
    var isAdopted: Bool { state.withLock { $0.isAdopted } }
    /// The number of files that it may have open at a time, connections included; nil if it does not run.
    var openFiles: Int? { id.flatMap { ProcessTable.openFiles(files, $0) } }

    /// Whether it runs.
    var isRunning: Bool {
        let (id, isAdopted) = state.withLock { ($0.id, $0.isAdopted) }
        guard let id else { return false }
        if isAdopted { return identity.candidate(id) != nil }
        // The id of a child is not used again until the child is reaped.
        guard DetachedProcess.reap(id) else { return true }
        state.withLock { $0 = State() }
        return false
    }

    /// Whether its socket's file is still the one that it listens on; somebody may have removed or replaced it.
    var isReachable: Bool {
        let known = state.withLock { $0.socket }
        return known != nil && socketStamp() == known
    }

    /// Why a process that listens on the broker's socket is not to be trusted; nil if it is the broker.
    func refusal(of peer: LocalSocketConnection.Peer) -> String? {
        guard let id, peer.processID == Int(id), peer.userID == geteuid() else {
            return
                "process \(peer.processID) of user \(peer.userID) listens on \(folder.socket), not the broker"
        }
        return nil
    }

    /// Adopts the running broker or starts one, and returns when the broker listens.
    ///
    /// Takes up to 20 seconds for a start, and as long for each broker with other settings that must end first.
    /// - Throws: `ServerError` if the broker does not start, listen or end in time; `LaunchFailure`, `FileError`.
    func start() throws {
        try folder.make(files)
        let configuration = try BrokerConfiguration(settings, folder, plugin: plugin, files)
        let path = folder.configuration(hash: configuration.hash)
        state.withLock { $0 = State() }
        let listener = identity.listener()
        for process in try identity.candidates() {
            if id == nil, identity.isAdoptable(process, configuration: path, listener: listener) {
                becomeBroker(id: process.id, isAdopted: true)
            } else {
                try end(process.id, listener)
            }
        }
        if isRunning { return }
        try removeConfigurations(except: path)
        try files.replace(path, Array(configuration.text.utf8))
        try BrokerLog(folder.log, files).moveToPredecessor()
        let started = try DetachedProcess.start(
            identity.executable, BrokerIdentity.arguments(path), folder: folder.path, output: folder.output)
        state.withLock { $0.id = started }
        try awaitListening(started)
        guard identity.listener()?.processID == Int(started) else {
            try end(started, nil)
            throw ServerError(
                "the broker does not listen on \(folder.socket): its mosquitto needs unix sockets, as Debian's has"
            )
        }
        try DirectoryGuard.closeSocket(folder.socket)
        becomeBroker(id: started, isAdopted: false)
    }

    /// Keeps the broker's log within its limit.
    ///
    /// - Throws: `FileError` if the log cannot be copied or truncated.
    func truncateLogIfLong() throws(FileError) { try BrokerLog(folder.log, files).truncateIfLong() }

    /// Ends the broker, which first saves its sessions and waiting messages.
    ///
    /// - Throws: `ServerError` if the broker did not end within 20 seconds and was killed; `FileError`.
    func stop() throws {
        let listener = identity.listener()
        if let id, isRunning { try end(id, listener) }
        state.withLock { $0 = State() }
        for process in try identity.candidates() { try end(process.id, listener) }
    }

    private func becomeBroker(id: Int32, isAdopted: Bool) {
        let socket = socketStamp()
        state.withLock { $0 = State(id: id, isAdopted: isAdopted, socket: socket) }
    }

    private func socketStamp() -> FileStamp? { try? POSIXFileSystem().stamp(folder.socket) }

    /// Removes the configurations of earlier settings.
    private func removeConfigurations(except path: String) throws {
        for name in try files.list(folder.path) where folder.isConfiguration(folder.path + "/" + name) {
            if folder.path + "/" + name != path { try files.remove(folder.path + "/" + name) }
        }
    }

    private func awaitListening(_ child: Int32) throws {
        let deadline = SystemClock.monotonicNanoseconds() + Self.patienceSeconds * 1_000_000_000
        while SystemClock.monotonicNanoseconds() < deadline {
            // mosquitto logs this when all listeners are open.
            if text(folder.log).contains(" running\n") { return }
            // `isRunning` cannot be asked yet: at the moment of the start the process has no arguments.
            if DetachedProcess.reap(child) {
                throw ServerError("the broker did not start: \(lastWords()); its log is \(folder.log)")
            }
            SystemClock.sleep(nanoseconds: 20_000_000)
        }
        try end(child, nil)
        throw ServerError(
            "the broker did not listen within \(Self.patienceSeconds) s; its log is \(folder.log)")
    }

    /// The last error that the broker reported before it ended.
    private func lastWords() -> String {
        for path in [folder.log, folder.output] {
            let lines = text(path).split(separator: "\n").filter { $0.contains("rror") }
            guard let line = lines.last else { continue }
            let said = String(line.split(separator: "Error: ").last ?? line)
            if said.hasPrefix("Address already in use") {
                let plain = settings.mqttPort > 0 ? ["port \(settings.mqttPort) of \(settings.mqttHost)"] : []
                let tls = settings.tlsAddress.map { ["port \($0.port) of \($0.host)"] } ?? []
                let option = plain.isEmpty ? "--mqtt-tls-port" : "--mqtt-port"
                return
                    "\((plain + tls).joined(separator: ", or ")) is in use; stop the program that uses it, or set another with \(option)"
            }
            return said
        }
        return "it ended without a message"
    }

    private func text(_ path: String) -> String {
        guard let bytes = try? files.readAll(path, limit: 64 << 20) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Ends a process if it is the broker; any other process is left alone.
    ///
    /// - Parameter listener: The process that listened on the socket when the candidate was found.
    /// - Throws: `ServerError` if it did not end within 20 seconds and was killed.
    private func end(_ id: Int32, _ listener: LocalSocketConnection.Peer?) throws {
        // The handle is opened first, so that the process that is examined next is the one of the handle.
        guard let handle = ProcessHandle(id) else { return }
        let isChild = id == self.id && !isAdopted
        let isOurs = identity.candidate(id).map { identity.isOurs($0, listener: listener) } ?? false
        guard isChild || isOurs else { return }
        handle.signal(SIGTERM)
        let hasEnded = handle.awaitEnd(milliseconds: Int32(Self.patienceSeconds) * 1000)
        defer { DetachedProcess.reap(id) }
        if hasEnded { return }
        handle.signal(SIGKILL)
        throw ServerError(
            "the broker (process \(id)) did not end within \(Self.patienceSeconds) s and was killed")
    }
}
