// LocalSocketConnection.swift — one end of a conversation between two processes of this machine.
//
// Invariants:
// - No call waits beyond its deadline; deadlines are times of `SystemClock.monotonicNanoseconds`.
// - If the peer goes away, a call returns the end or throws an error; no signal is raised.
// - The descriptor is closed once, when the object goes away. `shutdown` only ends the conversation: calls on other
//   threads return, and the descriptor stays valid for them.

import Glibc
public import VarveFile

/// A connection over a unix stream socket.
public final class LocalSocketConnection: Sendable {
    /// The process at the other end, as the kernel saw it when the connection was made.
    public struct Peer: Hashable, Sendable {
        /// Its process id.
        public var processID: Int
        /// Its effective user id.
        public var userID: UInt32

        /// Makes a description.
        public init(processID: Int, userID: UInt32) {
            self.processID = processID
            self.userID = userID
        }

        /// Asks the kernel for the process at the other end of a connected unix socket.
        ///
        /// For the end of a caller, that is the process that called `listen`.
        /// - Throws: `FileError` if the kernel does not answer.
        public init(of descriptor: Int32, path: String) throws(FileError) {
            var credentials = Credentials()
            var size = socklen_t(MemoryLayout<Credentials>.size)
            guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else {
                throw FileError("ask who is at", path)
            }
            self.init(processID: Int(credentials.processID), userID: credentials.userID)
        }

        /// Whether its user is the user of this process, or root.
        public var isOwnerOrRoot: Bool { userID == geteuid() || userID == 0 }
    }

    /// What the kernel answers to SO_PEERCRED: `struct ucred`, which the C library hides from Swift.
    private struct Credentials {
        var processID: Int32 = 0
        var userID: UInt32 = 0
        var groupID: UInt32 = 0
    }

    /// The socket's path.
    public let path: String
    /// The process at the other end.
    public let peer: Peer
    private let descriptor: Int32

    /// Takes over a connected descriptor; closes it if it cannot be used.
    init(path: String, descriptor: Int32) throws(FileError) {
        do throws(FileError) {
            peer = try Peer(of: descriptor, path: path)
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        // This ends the conversation even if a child process has a copy of the descriptor.
        shutdown()
        _ = Glibc.close(descriptor)
    }

    /// Connects to the socket at a path.
    ///
    /// - Parameters:
    ///   - path: The socket's path, of any length.
    ///   - milliseconds: How long to wait if the listener's queue of callers is full.
    /// - Returns: Nil if there is no such file or no process listens there.
    /// - Throws: `FileError`: ETIMEDOUT if the queue stays full, else why the socket cannot be reached.
    public static func connect(
        to path: String, within milliseconds: Int = 1000
    ) throws(FileError) -> LocalSocketConnection? {
        let address: LocalSocketAddress
        do throws(FileError) {
            address = try LocalSocketAddress(path)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        let descriptor = try LocalSocketAddress.socket(for: path)
        // The time limit for sending is also the limit for the wait for a place in the listener's queue.
        var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        setsockopt(
            descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let code = address.withAddress { Glibc.connect(descriptor, $0, $1) == 0 ? 0 : errno }
        guard code == 0 else {
            _ = Glibc.close(descriptor)
            if code == ECONNREFUSED || code == ENOENT || code == ENOTDIR { return nil }
            throw FileError("connect to", path, code: code == EAGAIN ? ETIMEDOUT : code)
        }
        return try LocalSocketConnection(path: path, descriptor: descriptor)
    }

    /// Makes two connected ends: one to use, and the descriptor of the other, for a program that is started.
    ///
    /// Both are closed when another program is started. The caller closes the descriptor.
    ///
    /// - Parameter path: What errors call the other end.
    /// - Throws: `FileError` if the process is out of descriptors.
    static func pair(path: String) throws(FileError) -> (own: LocalSocketConnection, other: Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue
        guard socketpair(AF_UNIX, Int32(bitPattern: kind), 0, &ends) == 0 else {
            throw FileError("make", "a pair of sockets")
        }
        do throws(FileError) {
            return (try LocalSocketConnection(path: path, descriptor: ends[0]), ends[1])
        } catch {
            _ = Glibc.close(ends[1])
            throw error
        }
    }

    /// The connection that this process was started with, as its standard input.
    ///
    /// Called once. The peer is the process that made the pair.
    ///
    /// - Throws: `FileError` if standard input is not a socket.
    public static func standardInput() throws(FileError) -> LocalSocketConnection {
        try LocalSocketConnection(path: "standard input", descriptor: 0)
    }

    /// Reads what has arrived, waiting for the first byte.
    ///
    /// - Returns: The number of bytes; 0 once the other end has closed.
    /// - Throws: `FileError`: ETIMEDOUT at the deadline, or why reading failed.
    public func receive(
        into buffer: UnsafeMutableRawBufferPointer, until deadline: Int64
    ) throws(FileError) -> Int {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count >= 0 { return count }
            switch errno {
            case EAGAIN: try wait(for: POLLIN, until: deadline, "read from")
            case EINTR: continue
            case ECONNRESET: return 0
            default: throw FileError("read from", path)
            }
        }
    }

    /// Writes all bytes.
    ///
    /// - Throws: `FileError`: ETIMEDOUT at the deadline, EPIPE if the other end has closed, or why writing failed. Part
    ///   of the bytes may have been sent then.
    public func send(_ bytes: UnsafeRawBufferPointer, until deadline: Int64) throws(FileError) {
        guard let base = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
            let count = Glibc.send(descriptor, base + done, bytes.count - done, flags)
            if count >= 0 {
                done += count
                continue
            }
            switch errno {
            case EAGAIN: try wait(for: POLLOUT, until: deadline, "write to")
            case EINTR: continue
            case ECONNRESET: throw FileError("write to", path, code: EPIPE)
            default: throw FileError("write to", path)
            }
        }
    }

    /// Ends the conversation in both directions; calls on other threads return.
    public func shutdown() {
        _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private func wait(for event: Int32, until deadline: Int64, _ action: String) throws(FileError) {
        let left = deadline - SystemClock.monotonicNanoseconds()
        guard left > 0 else { throw FileError(action, path, code: ETIMEDOUT) }
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        let milliseconds = min(left / 1_000_000 + 1, 3_600_000)
        guard poll(&entry, 1, Int32(milliseconds)) >= 0 || errno == EINTR else {
            throw FileError(action, path)
        }
    }
}
