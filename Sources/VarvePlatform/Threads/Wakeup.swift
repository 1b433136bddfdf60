// Wakeup.swift — ends another thread's wait: a descriptor that becomes readable.
//
// A pair of sockets: Swift's view of the C library lacks `eventfd` and `pipe2`, and a plain pipe could leak into a
// program that another thread starts in that moment.
//
// Invariants:
// - Any number of `signal` before a `clear` are one wake-up; none is lost.

import Glibc
package import VarveFile

/// A wake-up call between threads, by `socketpair(2)`.
package final class Wakeup: Sendable {
    /// The descriptor to wait for beside others; readable from `signal` until `clear`.
    package let descriptor: Int32
    private let writer: Int32

    /// Makes one that nobody has signalled.
    package init() throws(FileError) {
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

    /// Wakes whoever waits, now or later.
    package func signal() {
        var byte: UInt8 = 1
        // Fails only where the socket is full, and then it is readable already.
        _ = send(writer, &byte, 1, Int32(MSG_NOSIGNAL))
    }

    /// Takes the signals back.
    package func clear() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while recv(descriptor, &bytes, bytes.count, 0) == bytes.count {}
    }

    /// Waits for a signal, at most so many milliseconds.
    ///
    /// - Returns: Whether it was signalled.
    package func wait(milliseconds: Int32) -> Bool {
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
