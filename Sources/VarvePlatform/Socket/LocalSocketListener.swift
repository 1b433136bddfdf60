// LocalSocketListener.swift — a unix socket in a folder, for processes of its owner.
//
// Invariants:
// - Before a process can connect, the socket's file is open to its owner only (0600), or to a group as well (0660).
// - A socket file is replaced only if no process listens on it; any other file of that name is left alone.
// - `close` removes the file only if it still is the one that this listener made.

import Glibc
import Synchronization
public import VarveFile

/// Listens on a unix stream socket.
public final class LocalSocketListener: Sendable {
    /// The socket's path.
    public let path: String
    private let descriptor: Int32
    private let device: UInt
    private let inode: UInt
    private let isClosed = Atomic<Bool>(false)

    /// The most connections that wait to be accepted.
    private static let backlog: Int32 = 32

    /// Makes the socket and listens.
    ///
    /// The caller must hold the folder's lock: if two processes find the socket file of a dead one, only one of them
    /// may replace it.
    ///
    /// - Parameters:
    ///   - path: The socket's path, of any length.
    ///   - isShared: Whether members of the file's group may connect too.
    /// - Throws: `FileError`: EADDRINUSE if another process listens there, EEXIST if the path is not a socket, or why
    ///   the socket cannot be made.
    public init(path: String, isShared: Bool = false) throws(FileError) {
        let address = try LocalSocketAddress(path)
        try Self.removeStale(path)
        let descriptor = try LocalSocketAddress.socket(for: path)
        var status = stat()
        let code = address.withAddress { pointer, size -> Int32 in
            guard bind(descriptor, pointer, size) == 0,
                chmod(path, FolderRights(isShared: isShared).socket) == 0,
                lstat(path, &status) == 0, listen(descriptor, Self.backlog) == 0
            else { return errno }
            return 0
        }
        guard code == 0 else {
            _ = Glibc.close(descriptor)
            throw FileError("listen on", path, code: code)
        }
        self.path = path
        self.descriptor = descriptor
        device = status.st_dev
        inode = status.st_ino
    }

    deinit {
        close()
        _ = Glibc.close(descriptor)
    }

    /// Waits for the next caller.
    ///
    /// - Returns: Nil once the listener is closed.
    /// - Throws: `FileError` if the process or the machine has no room for another connection; the caller waits on in
    ///   the queue.
    public func accept() throws(FileError) -> LocalSocketConnection? {
        while !isClosed.load(ordering: .acquiring) {
            let connected = Glibc.accept(descriptor, nil, nil)
            if connected >= 0 {
                _ = fcntl(connected, F_SETFD, FD_CLOEXEC)
                return try LocalSocketConnection(path: path, descriptor: connected)
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EINVAL: return nil
            default: throw FileError("accept on", path)
            }
        }
        return nil
    }

    /// Whether the listener's file is still at its path, so that callers find it.
    public var isInPlace: Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_dev == device && status.st_ino == inode
    }

    /// Stops listening and removes the socket's file; a second call does nothing.
    public func close() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        if isInPlace { _ = unlink(path) }
        // This wakes the thread that waits in `accept`; the descriptor stays valid for it.
        _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private static func removeStale(_ path: String) throws(FileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw FileError("listen on", path, code: EEXIST)
        }
        guard try LocalSocketConnection.connect(to: path, within: 200) == nil else {
            throw FileError("listen on", path, code: EADDRINUSE)
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
    }
}
