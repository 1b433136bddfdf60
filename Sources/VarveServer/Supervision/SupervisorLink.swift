// SupervisorLink.swift — the service's line to the process that started it and restarts it when it dies.
//
// The line is one end of a pair of sockets. However the supervisor ends, the kernel then closes the other end, so the
// service notices.
//
// Invariants:
// - A service whose supervisor is gone ends within a second: in order if it can, otherwise at once.

import Glibc
import Synchronization
import VarveControl
import VarvePlatform

/// The line to the supervisor.
public final class SupervisorLink: Sendable {
    /// The process that the user started.
    public let processID: Int32
    private let descriptor: Int32
    private let gone = Atomic<Bool>(false)

    /// How long the orderly end may take once the supervisor is gone.
    private static let graceNanoseconds: Int64 = 900_000_000

    /// Takes over the service's end of the line, and watches it from now on.
    ///
    /// - Throws: `ServerError` if the descriptor is not a socket, `FileError` if no thread can be started.
    public init(descriptor: Int32) throws {
        var (kind, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        guard getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &kind, &size) == 0 else {
            throw ServerError(
                "\(ServiceArguments.supervisor) \(descriptor) is not a socket: leave the option to varve serve"
            )
        }
        self.descriptor = descriptor
        processID = getppid()
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        try WorkerThread { [self] in watch() }.detach()
    }

    /// Whether the supervisor has ended.
    public var isGone: Bool { gone.load(ordering: .acquiring) }

    /// Informs the supervisor that the service is ready, so that a later end does not count as a failed start.
    func announceReady() {
        var byte: UInt8 = 1
        _ = send(descriptor, &byte, 1, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }

    /// Waits for the end of the supervisor, which sends nothing before.
    private func watch() {
        var byte: UInt8 = 0
        while true {
            let count = recv(descriptor, &byte, 1, 0)
            if count == 0 || (count < 0 && errno != EINTR) { break }
        }
        gone.store(true, ordering: .releasing)
        // The same signal as from a user who ends the service. Before signals are trapped, it ends the process at once.
        kill(getpid(), SIGTERM)
        SystemClock.sleep(nanoseconds: Self.graceNanoseconds)
        _exit(1)
    }
}
