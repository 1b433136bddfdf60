// BrokerProcess.swift — the dedicated mosquitto: found again after a crash of the service, started, stopped.
//
// The broker outlives a crash of the service, so that senders can go on. The next service finds it by what the kernel
// says of it (BrokerIdentity): no pid file that could be stale or of another process. The name of the configuration in
// its arguments holds a hash of all settings; one that runs with other settings is ended first.
//
// Invariants:
// - At most one broker runs for a data directory, as only the holder of the directory's lock starts one.
// - A process is signalled only by a handle, and only after what the handle stands for was seen to be our broker.

import Glibc
import Synchronization
import VarveFile
import VarvePlatform

/// A dedicated broker.
final class BrokerProcess: Sendable {
    private struct State {
        var id: Int32?
        var isAdopted = false
        /// Its socket's file, as it was when the broker listened on it.
        var socket: FileStamp?
    }

    private let settings: ServerConfiguration
    private let folder: BrokerFolder
    private let files: any FileSystem
    private let plugin: String
    private let identity: BrokerIdentity
    private let state = Mutex(State())

    /// Seconds a broker gets to come up, and to save its state when it goes down.
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

    /// Its process, while it was last seen.
    var id: Int32? { state.withLock { $0.id } }
    /// Whether it ran already when this service came.
    var isAdopted: Bool { state.withLock { $0.isAdopted } }
    /// The files it may have open at a time, connections among them; nil if it does not run.
    var openFiles: Int? { id.flatMap { ProcessTable.openFiles(files, $0) } }

    /// Whether it runs.
    var isRunning: Bool {
        let (id, isAdopted) = state.withLock { ($0.id, $0.isAdopted) }
        guard let id else { return false }
        if isAdopted { return identity.candidate(id) != nil }
        // A child's number is its own until it is reaped.
        guard DetachedProcess.reap(id) else { return true }
        state.withLock { $0 = State() }
        return false
    }

    /// Whether its socket is still the one it listens on: somebody may have removed or replaced the file.
    var isReachable: Bool {
        let known = state.withLock { $0.socket }
        return known != nil && socketStamp() == known
    }

    /// Why who answered on the broker's socket is not to be talked to; nil if it is the broker.
    func refusal(of peer: LocalSocketConnection.Peer) -> String? {
        guard let id, peer.processID == Int(id), peer.userID == geteuid() else {
            return
                "process \(peer.processID) of user \(peer.userID) listens on \(folder.socket), not the broker"
        }
        return nil
    }

    /// Adopts the running broker or starts one, and returns when it listens.
    func start() throws {
        try folder.make(files)
        let configuration = try BrokerConfiguration(settings, folder, plugin: plugin, files)
        let path = folder.configuration(hash: configuration.hash)
        state.withLock { $0 = State() }
        let listener = identity.listener()
        for process in try identity.candidates() {
            if id == nil, identity.isAdoptable(process, configuration: path, listener: listener) {
                settle(process.id, isAdopted: true)
            } else {
                try end(process.id, listener)
            }
        }
        if isRunning { return }
        try clean(keeping: path)
        try files.replace(path, Array(configuration.text.utf8))
        try BrokerLog(folder.log, files).setAside()
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
        settle(started, isAdopted: false)
    }

    /// Keeps the broker's log within its limit.
    func boundLog() throws(FileError) { try BrokerLog(folder.log, files).bound() }

    /// Ends the broker, which saves its sessions and waiting messages before.
    func stop() throws {
        let listener = identity.listener()
        if let id, isRunning { try end(id, listener) }
        state.withLock { $0 = State() }
        for process in try identity.candidates() { try end(process.id, listener) }
    }

    private func settle(_ id: Int32, isAdopted: Bool) {
        let socket = socketStamp()
        state.withLock { $0 = State(id: id, isAdopted: isAdopted, socket: socket) }
    }

    private func socketStamp() -> FileStamp? { try? POSIXFileSystem().stamp(folder.socket) }

    /// Removes the configurations of earlier settings.
    private func clean(keeping path: String) throws {
        for name in try files.list(folder.path) where folder.isConfiguration(folder.path + "/" + name) {
            if folder.path + "/" + name != path { try files.remove(folder.path + "/" + name) }
        }
    }

    private func awaitListening(_ child: Int32) throws {
        let deadline = SystemClock.monotonicNanoseconds() + Self.patienceSeconds * 1_000_000_000
        while SystemClock.monotonicNanoseconds() < deadline {
            // mosquitto says this when all listeners are open.
            if text(folder.log).contains(" running\n") { return }
            // Its arguments cannot be asked for yet: in the moment of the start they are not there.
            if DetachedProcess.reap(child) {
                throw ServerError("the broker did not start: \(lastWords()); its log is \(folder.log)")
            }
            SystemClock.sleep(nanoseconds: 20_000_000)
        }
        try end(child, nil)
        throw ServerError(
            "the broker did not listen within \(Self.patienceSeconds) s; its log is \(folder.log)")
    }

    /// The last line the broker said before it ended.
    private func lastWords() -> String {
        for path in [folder.log, folder.output] {
            let lines = text(path).split(separator: "\n").filter { $0.contains("rror") }
            guard let line = lines.last else { continue }
            let said = String(line.split(separator: "Error: ").last ?? line)
            if said.hasPrefix("Address already in use") {
                return
                    "port \(settings.mqttPort) of \(settings.mqttHost) is in use; stop who uses it or set another with --mqtt-port"
            }
            return said
        }
        return "it ended without a word"
    }

    private func text(_ path: String) -> String {
        guard let bytes = try? files.readAll(path, limit: 64 << 20) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Ends a process if it is our broker; any other is left alone.
    ///
    /// - Parameter listener: Who listened on the socket when the process was found.
    private func end(_ id: Int32, _ listener: LocalSocketConnection.Peer?) throws {
        // The handle first: what is seen to be our broker after that is what the handle stands for.
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
