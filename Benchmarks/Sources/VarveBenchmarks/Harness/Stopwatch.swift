// Stopwatch.swift — the seconds that some work took.

import Glibc
import VarvePlatform

/// Measures work in this process.
enum Stopwatch {
    /// The seconds that `work` takes, and its result.
    static func time<Result>(_ work: () throws -> Result) rethrows -> (seconds: Double, result: Result) {
        let started = SystemClock.monotonicNanoseconds()
        let result = try work()
        return (Double(SystemClock.monotonicNanoseconds() - started) / 1e9, result)
    }

    /// The processor time that `work` takes on this thread, so that other load on the machine matters less.
    static func processorTime<Result>(
        _ work: () throws -> Result
    ) rethrows -> (seconds: Double, result: Result) {
        let started = threadSeconds()
        let result = try work()
        return (threadSeconds() - started, result)
    }

    private static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
