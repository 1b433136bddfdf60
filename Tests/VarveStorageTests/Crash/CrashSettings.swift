// CrashSettings.swift — how long the crash tests run, and the lines that Tools/crash-tests makes its table of.

import Foundation

enum CrashSettings {
    /// Random histories of one run.
    static let seeds = ProcessInfo.processInfo.environment["VARVE_CRASH_SEEDS"].flatMap { Int($0) } ?? 1000

    /// One line for the table: what was tried, on what, and two counts.
    static func report(_ kind: String, _ name: String, _ tried: Int, _ crashes: Int) {
        print("crash-tests|\(kind)|\(name)|\(tried)|\(crashes)")
    }
}
