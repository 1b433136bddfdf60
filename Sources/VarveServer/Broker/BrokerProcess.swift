// BrokerProcess.swift — the dedicated mosquitto: found again after a crash of the service, started, stopped.
//
// The broker outlives a crash of the service, so that senders can go on. The next service finds it by the path of
// its configuration file, which stands in its arguments and holds a hash of all settings: no pid file that could be
// stale or of another process. One that runs with other settings is ended first.
//
// Invariants:
// - At most one broker runs for a data directory, as only the holder of the directory's lock starts one.

import Glibc
import Synchronization
import VarveFile

/// A dedicated broker.
final class BrokerProcess: Sendable {
    private let settings: ServerConfiguration
    private let folder: BrokerFolder
    private let files: any FileSystem
    private let plugin: String
    private let executable: String
    private let state = Mutex<(id: Int32?, isAdopted: Bool)>((nil, false))

    /// Seconds a broker gets to come up, and to save its state when it goes down.
    private static let patienceSeconds: Int64 = 20

    init(
        _ settings: ServerConfiguration, _ folder: BrokerFolder, plugin: String, _ files: any FileSystem
    ) throws {
        self.settings = settings
        self.folder = folder
        self.files = files
        self.plugin = plugin
        executable = try Self.find(settings.brokerExecutable, files)
    }

    /// Its process, while it was last seen.
    var id: Int32? { state.withLock { $0.id } }
    /// Whether it ran already when this service came.
    var isAdopted: Bool { state.withLock { $0.isAdopted } }

    /// Whether it runs.
    var isRunning: Bool {
        guard let id else { return false }
        DetachedProcess.reap(id)
        return ProcessTable.process(files, id)?.arguments.contains(where: folder.isConfiguration) ?? false
    }

    /// Adopts the running broker or starts one, and returns when it listens.
    func start() throws {
        let configuration = try BrokerConfiguration(settings, folder, plugin: plugin, files)
        let path = folder.configuration(hash: configuration.hash)
        state.withLock { $0 = (nil, false) }
        for process in try running() {
            if process.arguments.contains(path), id == nil {
                state.withLock { $0 = (process.id, true) }
            } else {
                try end(process.id)
            }
        }
        if isRunning { return }
        try clean(keeping: path)
        try files.replace(path, Array(configuration.text.utf8))
        try BrokerLog(folder.log, files).setAside()
        let started = try DetachedProcess.start(executable, ["-c", path], output: folder.output)
        state.withLock { $0 = (started, false) }
        try awaitListening(started)
    }

    /// Keeps the broker's log within its limit.
    func boundLog() throws(FileError) { try BrokerLog(folder.log, files).bound() }

    /// Ends the broker, which saves its sessions and waiting messages before.
    func stop() throws {
        for process in try running() { try end(process.id) }
        state.withLock { $0 = (nil, false) }
    }

    private func running() throws -> [RunningProcess] {
        try ProcessTable.find(files) { arguments in arguments.contains(where: folder.isConfiguration) }
    }

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
            usleep(20_000)
        }
        try end(child)
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

    private func end(_ id: Int32) throws {
        kill(id, SIGTERM)
        let deadline = SystemClock.monotonicNanoseconds() + Self.patienceSeconds * 1_000_000_000
        while SystemClock.monotonicNanoseconds() < deadline {
            DetachedProcess.reap(id)
            if ProcessTable.process(files, id) == nil { return }
            usleep(10_000)
        }
        kill(id, SIGKILL)
        throw ServerError(
            "the broker (process \(id)) did not end within \(Self.patienceSeconds) s and was killed")
    }

    private static func find(_ name: String, _ files: any FileSystem) throws -> String {
        if name.utf8.contains(UInt8(ascii: "/")) {
            if case .file? = try? files.kind(name) { return name }
            throw ServerError("the broker \(name) is not there: set broker.executable")
        }
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        // mosquitto is in /usr/sbin, which only root's PATH has.
        for folder in path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"] {
            if case .file? = try? files.kind(folder + "/" + name) { return folder + "/" + name }
        }
        throw ServerError("\(name) is not installed: apt-get install mosquitto, or set broker.executable")
    }
}
