// SystemClock.swift — the machine's clocks.

import Glibc

/// The machine's clocks, by `clock_gettime(2)`.
public enum SystemClock {
    /// Nanoseconds since 1970-01-01T00:00:00Z; follows corrections of the system time, also backwards.
    public static func nanoseconds() -> Int64 { time(of: CLOCK_REALTIME) }

    /// Nanoseconds since a fixed moment, never going back; for measuring durations.
    public static func monotonicNanoseconds() -> Int64 { time(of: CLOCK_MONOTONIC) }

    /// Lets the calling thread sleep, at most `nanoseconds`; a signal that is handled meanwhile ends the sleep.
    ///
    /// Do not call it in a task: tasks share their threads.
    public static func sleep(nanoseconds: Int64) {
        var time = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        if nanoseconds > 0 { nanosleep(&time, nil) }
    }

    private static func time(of clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
