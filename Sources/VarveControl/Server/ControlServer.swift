// ControlServer.swift — the service's end of `control.sock`: who may connect, and how many at a time.
//
// Invariants:
// - There are at most `maximumConnections` connections. Each has a thread, and one more while a long call
//   runs.
// - Only the service's user and root can have anything changed. If the directory is open to a group, the
//   kernel lets its members connect. They get answers only to requests that change nothing, and at most half
//   of the connections.

import Glibc
import Synchronization
import VarveFile
import VarvePlatform

/// Answers the commands of `varve` for a running service.
public final class ControlServer: Sendable {
    private struct Table {
        var connections: [UInt64: LocalSocketConnection] = [:]
        var readers: Set<UInt64> = []
        var last: UInt64 = 0
        var isStopping = false
    }

    private let listener: LocalSocketListener
    private let context: ConversationContext
    private let table = Mutex(Table())
    private let stopping = Signal()
    private let drained = Signal()
    private let maximumConnections: Int
    /// Whether the directory is open to a group.
    private let isShared: Bool

    /// The name of the socket in the data directory.
    public static let socketName = DirectoryNames.controlSocket

    /// Listens in a data directory and answers until `stop`, on threads of its own.
    ///
    /// The caller must hold the directory's lock, because the socket file of a service that died is replaced.
    ///
    /// - Parameters:
    ///   - directory: The data directory.
    ///   - handler: Carries out the requests.
    ///   - maximumConnections: The most connections at a time. A further one gets the answer to try again
    ///     later.
    ///   - times: How long to wait for the other end.
    /// - Throws: `FileError`, with EADDRINUSE if another service answers there.
    public init(
        directory: String, handler: any ControlHandler, maximumConnections: Int = 16,
        times: ControlTimes = ControlTimes()
    ) throws {
        isShared = FolderRights(of: directory).isShared
        listener = try LocalSocketListener(path: directory + "/" + Self.socketName, isShared: isShared)
        context = ConversationContext(handler: handler, times: times)
        self.maximumConnections = maximumConnections
        try WorkerThread { [self] in acceptAll() }.detach()
    }

    /// Whether callers find the socket.
    ///
    /// False once somebody has removed or replaced its file.
    public var isReachable: Bool { listener.isInPlace }

    /// Stops listening, removes the socket, ends all connections and waits for the calls that are running.
    ///
    /// A batch that has arrived is still committed. Its sender learns of it when it sends the batch again.
    ///
    /// - Parameter seconds: The longest time to wait, for example for a compaction.
    /// - Returns: Whether everything has ended.
    @discardableResult
    public func stop(within seconds: Double = 10) -> Bool {
        stopping.set()
        listener.close()
        let isEmpty = table.withLock { table in
            table.isStopping = true
            for connection in table.connections.values { connection.shutdown() }
            return table.connections.isEmpty
        }
        return isEmpty || drained.wait(seconds: seconds)
    }

    private func acceptAll() {
        while true {
            do {
                guard let connection = try listener.accept() else { return }
                start(connection)
            } catch {
                // No free descriptor: the caller waits in the listener's queue.
                if stopping.wait(seconds: 0.1) { return }
            }
        }
    }

    private func start(_ connection: LocalSocketConnection) {
        let onlyReads = !connection.peer.isOwnerOrRoot
        guard !onlyReads || isShared else {
            return refuse(connection, .notAllowed, "only the user of the service may give it commands")
        }
        let number = table.withLock { table -> UInt64? in
            guard !table.isStopping, table.connections.count < maximumConnections,
                !onlyReads || table.readers.count < maximumConnections / 2
            else { return nil }
            table.last += 1
            table.connections[table.last] = connection
            if onlyReads { table.readers.insert(table.last) }
            return table.last
        }
        guard let number else {
            return refuse(connection, .busy, "the service has as many connections as it allows; try again")
        }
        do {
            try WorkerThread { [self] in
                Conversation(connection, number: number, context, onlyReads: onlyReads).run()
                end(number)
            }.detach()
        } catch {
            end(number)
            refuse(connection, .busy, "\(error)")
        }
    }

    private func end(_ number: UInt64) {
        table.withLock { table in
            table.connections[number] = nil
            table.readers.remove(number)
            if table.isStopping, table.connections.isEmpty { drained.set() }
        }
    }

    /// Sends the reason and closes.
    ///
    /// The line fits in the socket's buffer, so this never waits.
    private func refuse(_ connection: LocalSocketConnection, _ kind: ControlError.Kind, _ reason: String) {
        var times = context.times
        times.frame = 0
        try? FrameChannel(connection, times: times).send(
            ControlReply.failure(ControlError(kind, reason)).frame)
    }
}
