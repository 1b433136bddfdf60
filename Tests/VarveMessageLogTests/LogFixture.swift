// LogFixture.swift — a log in a folder of its own, and entries for it.

import Foundation
import GRDB
import Synchronization
import VarveModel

@testable import VarveMessageLog

final class LogFixture {
    let directory: URL
    let warnings = Warnings()
    /// The clock of the logs that are opened here.
    let clock = Clock()

    /// The lines with which a log has warned.
    final class Warnings: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: String) {
            lines.withLock { $0.append(line) }
        }
    }

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("varve-log-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    var path: String { directory.appendingPathComponent("log.sqlite").path }

    /// A clock that is set by hand.
    final class Clock: Sendable {
        private let value = Mutex<Int64>(0)

        /// The seconds after the start of 2024.
        var second: Int64 {
            get { value.withLock { $0 } }
            set { value.withLock { $0 = newValue } }
        }
    }

    func open(limitBytes: Int = MessageLog.defaultLimit, keepSeconds: Int64? = nil) -> MessageLog {
        let (warnings, clock) = (warnings, clock)
        return MessageLog.open(
            path: path, limitBytes: limitBytes, keepSeconds: keepSeconds,
            clock: { entry(.error, .failed, second: clock.second).time.nanoseconds },
            warn: { warnings.add($0) })
    }

    func writer(_ log: MessageLog, limits: LogWriter.Limits = .init()) throws -> LogWriter {
        let warnings = warnings
        return try LogWriter(log, limits: limits) { warnings.add($0) }
    }

    /// Writes the journal back, so that the file has its full size.
    func checkpoint() throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    }

    func size(_ suffix: String = "") -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path + suffix)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }
}

/// An entry with a time that many seconds after the start of 2024.
func entry(
    _ kind: LogEntry.Kind, _ event: LogEntry.Event, second: Int64 = 0, channel: String? = "wind_farm",
    device: String? = nil, payloadBytes: Int? = nil
) -> LogEntry {
    var entry = LogEntry(
        kind, event, time: Timestamp(nanoseconds: (1_704_067_200 + second) * 1_000_000_000))
    entry.channel = channel
    entry.device = device
    if let payloadBytes { entry.setPayload([UInt8](repeating: UInt8(ascii: "x"), count: payloadBytes)) }
    return entry
}
