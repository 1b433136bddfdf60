// CertificateWatch.swift — takes a renewed certificate while the service runs, and notes one that soon ends.
//
// The broker reads its certificate at its start. A signal would make mosquitto 2.0.11 read it again, but also ask the
// plugin about the login of every client again, with passwords that count once. So the broker is restarted: its clients
// connect again, and what waits stays.
//
// Invariants:
// - The broker is restarted only with files that belong together and have another content than before.
// - Between two looks that are due, nothing is done.

import Logging
import Synchronization
import VarveAccess
import VarveChannel
import VarveCodec
import VarveFile
import VarveMessageLog
import VarveModel
import VarvePlatform
import VarveText

/// Looks after the certificate of the service's own broker.
final class CertificateWatch: Sendable {
    private struct State {
        var stamps: [FileStamp?] = []
        var content: Hash128?
        var end: Int64?
        var nextLook: Int64 = 0
        var nextNote: Int64 = 0
    }

    private let settings: ServerConfiguration
    private let folder: BrokerFolder
    private let files: POSIXFileSystem
    private let logger: Logger
    private let note: @Sendable (LogEntry) -> Void
    private let trouble: TroubleReport
    private let state = Mutex(State())

    /// How often the files are looked at, in nanoseconds: every two seconds.
    private static let interval: Int64 = 2_000_000_000
    /// How often an end that is near is noted, in nanoseconds: once a day.
    private static let noteInterval: Int64 = 86_400_000_000_000
    private static let limit = 1 << 20

    /// Remembers the files as they are; call it before the broker starts.
    ///
    /// - Parameter note: Adds an entry to the message log.
    init(
        _ settings: ServerConfiguration, _ folder: BrokerFolder, _ files: POSIXFileSystem, _ logger: Logger,
        note: @escaping @Sendable (LogEntry) -> Void
    ) {
        self.settings = settings
        self.folder = folder
        self.files = files
        self.logger = logger
        self.note = note
        trouble = TroubleReport(
            "a changed certificate is not taken, and the broker goes on with the one before", logger)
        guard let pair else { return }
        let found = State(stamps: stamps(of: pair), content: try? content(of: pair), end: try? pair.check())
        state.withLock { $0 = found }
    }

    /// The last moment at which the broker's certificate is valid, in seconds since 1970; nil without TLS.
    var end: Int64? { state.withLock { $0.end } }

    private var pair: BrokerCertificate? {
        settings.mqttTLSPort > 0 ? BrokerCertificate(settings, folder, files) : nil
    }

    /// Looks at the files if that is due.
    ///
    /// - Parameter restart: Restarts the broker, which then has the new certificate.
    func look(restart: () throws -> Void) {
        let now = SystemClock.monotonicNanoseconds()
        let isDue = state.withLock { state in
            guard now >= state.nextLook else { return false }
            state.nextLook = now + Self.interval
            return true
        }
        guard isDue, let pair else { return }
        trouble.reportingFailure { try takeChange(of: pair, restart) }
        noteEnd(of: pair, now: now)
    }

    /// Restarts the broker if the files have another content and can be used.
    private func takeChange(of pair: BrokerCertificate, _ restart: () throws -> Void) throws {
        let found = stamps(of: pair)
        let known = state.withLock { $0 }
        guard found != known.stamps else { return }
        let end = try pair.check()
        let content = try content(of: pair)
        if content != known.content {
            logger.notice("the certificate \(pair.certificate) has changed: the broker is restarted with it")
            try restart()
            add(
                .connection,
                "the broker has a new certificate, valid until \(Self.text(end)); it was restarted")
        }
        state.withLock { state in
            state.stamps = found
            state.content = content
            state.end = end
            state.nextNote = 0
        }
    }

    /// Notes once a day that the certificate soon ends, or has ended.
    private func noteEnd(of pair: BrokerCertificate, now: Int64) {
        let due: Int64? = state.withLock { state in
            guard let end = state.end, now >= state.nextNote else { return nil }
            state.nextNote = now + Self.noteInterval
            return end
        }
        guard let due else { return }
        let left = due - SystemClock.nanoseconds() / 1_000_000_000
        guard left < CertificateFile.renewalSeconds else { return }
        let remedy = pair.isOwn ? "renew it with varve channel tls --renew" : "renew it"
        let what =
            left < 0
            ? "has expired on \(Self.text(due))" : "expires on \(Self.text(due)), in \(left / 86_400) days"
        logger.warning("the certificate \(pair.certificate) \(what): \(remedy)")
        add(.error, "the broker's certificate \(what): \(remedy)")
    }

    private func add(_ kind: LogEntry.Kind, _ reason: String) {
        var entry = LogEntry(kind, .certificate, time: Timestamp(nanoseconds: SystemClock.nanoseconds()))
        if kind == .error { entry.category = .broker }
        entry.reason = reason
        note(entry)
    }

    private static func text(_ seconds: Int64) -> String {
        Timestamp(nanoseconds: seconds * 1_000_000_000).description
    }

    private func stamps(of pair: BrokerCertificate) -> [FileStamp?] {
        pair.files.map { (try? files.stamp($0)) ?? nil }
    }

    private func content(of pair: BrokerCertificate) throws(FileError) -> Hash128 {
        var hasher = Hasher128()
        for path in pair.files {
            try files.readAll(path, limit: Self.limit).withUnsafeBytes { hasher.update($0) }
        }
        return hasher.finish()
    }
}
