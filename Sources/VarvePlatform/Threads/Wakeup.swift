// Wakeup.swift — ends another thread's wait: a descriptor that becomes readable.
//
// It is a pair of sockets, because Swift's view of the C library lacks `eventfd` and `pipe2`. A plain pipe could leak
// into a program that another thread starts at that moment.
//
// Invariants:
// - Any number of `signal` calls before a `clear` are one wake-up; no wake-up is lost.

import Glibc
public import VarveFile

/// A wake-up call between threads, by `socketpair(2)`.
public final class Wakeup: Sendable {
    /// The descriptor to wait for together with others; readable from `signal` until `clear`.
    public let descriptor: Int32
    private let writer: Int32

    /// Makes a wake-up that is not signalled.
    ///
    /// - Throws: `FileError` if the process is out of descriptors.
    public init() throws(FileError) {
        var ends: [Int32] = [-1, -1]
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        guard socketpair(AF_UNIX, Int32(kind), 0, &ends) == 0 else {
            throw FileError("make", "a pair of sockets")
        }
        descriptor = ends[0]
        writer = ends[1]
    }

    deinit {
        _ = Glibc.close(descriptor)
        _ = Glibc.close(writer)
    }

    /// Ends the wait of another thread, the current one or else the next.
    public func signal() {
        var byte: UInt8 = 1
        // Fails only if the socket is full; then it is readable already.
        _ = send(writer, &byte, 1, Int32(MSG_NOSIGNAL))
    }

    /// Removes all signals.
    public func clear() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while recv(descriptor, &bytes, bytes.count, 0) == bytes.count {}
    }

    /// Waits for a signal, at most `milliseconds`; does not remove it.
    ///
    /// - Returns: Whether there is a signal.
    public func wait(milliseconds: Int32) -> Bool {
        let end = SystemClock.monotonicNanoseconds() + Int64(milliseconds) * 1_000_000
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let left = max(0, (end - SystemClock.monotonicNanoseconds() + 999_999) / 1_000_000)
            let ready = poll(&entry, 1, Int32(left))
            if ready > 0 { return true }
            if ready == 0 || errno != EINTR { return false }
        }
    }
}
