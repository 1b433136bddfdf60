// Monotonic.swift — time that only goes forward, for waits and deadlines.

import Glibc

/// The clock that no one can set back.
enum Monotonic {
    /// Seconds since some moment before.
    static func seconds() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }
}
