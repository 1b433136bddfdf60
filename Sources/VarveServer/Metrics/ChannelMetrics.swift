// ChannelMetrics.swift — what the service counts about its channels, its broker and its message log.
//
// Counters begin at 0 with the process. All are brought up to date when metrics are asked for.

import CoreMetrics
import Synchronization
import VarveAccess
import VarveIntegration
import VarveMessageLog

/// The metrics of the channels; see `help` for what each means.
final class ChannelMetrics: Sendable {
    static let help = [
        "varve_messages_total": "Messages answered, by whether they were taken or refused.",
        "varve_message_bytes_total": "Bytes of the payloads of these messages.",
        "varve_replies_total": "Answers handed to the broker.",
        "varve_failed_groups_total": "Groups of messages that could not be stored and come again.",
        "varve_broker_serving": "1 while messages are taken from the broker, else 0.",
        "varve_broker_logins_total": "Logins of the service itself at the broker.",
        "varve_broker_saved_bytes":
            "Bytes that the broker last saved of waiting messages and sessions; 0 for a broker of somebody else.",
        "varve_certificate_end_seconds":
            "When the certificate of the service's own broker expires, in seconds since 1970; 0 without TLS.",
        "varve_connection_events_total": "What the broker reported about clients, by kind.",
        "varve_log_entries_total": "Entries written to the message log.",
        "varve_log_dropped_total": "Entries that the message log lost, by kind.",
    ]

    private let loop: IngestLoop
    private let connections: ConnectionLog
    private let log: LogWriter
    private let brokerBytes: @Sendable () -> Int
    private let certificateEnd: @Sendable () -> Int64?
    private let certificate: Meter
    private let serving: Meter
    private let saved: Meter
    private let totals: [Total]

    /// A counter, where its number is found, and how much of it was counted.
    private struct Total: Sendable {
        var counter: Counter
        var number: @Sendable (Numbers) -> UInt64
    }

    /// What the counters are taken from, at one moment.
    private struct Numbers {
        var ingest: IngestCounts
        var connections: [ConnectionEvent.Kind: UInt64]
        var log: LogWriter.Counts
    }

    private let counted = Mutex<Numbers?>(nil)

    /// Prepares metrics of the parts of a service.
    ///
    /// - Parameters:
    ///   - certificateEnd: When the broker's certificate expires, in seconds since 1970.
    ///   - brokerBytes: The size of the file in which the broker saves its state.
    init(
        _ factory: any MetricsFactory, loop: IngestLoop, connections: ConnectionLog, log: LogWriter,
        certificateEnd: @escaping @Sendable () -> Int64?, brokerBytes: @escaping @Sendable () -> Int
    ) {
        self.loop = loop
        self.connections = connections
        self.log = log
        self.brokerBytes = brokerBytes
        self.certificateEnd = certificateEnd
        certificate = Meter(label: "varve_certificate_end_seconds", factory: factory)
        serving = Meter(label: "varve_broker_serving", factory: factory)
        saved = Meter(label: "varve_broker_saved_bytes", factory: factory)
        func total(
            _ name: String, _ labels: [(String, String)] = [],
            _ number: @escaping @Sendable (Numbers) -> UInt64
        ) -> Total {
            Total(
                counter: Counter(label: "varve_\(name)_total", dimensions: labels, factory: factory),
                number: number)
        }
        totals =
            [
                total("messages", [("outcome", "taken")]) { $0.ingest.messages - $0.ingest.refused },
                total("messages", [("outcome", "refused")]) { $0.ingest.refused },
                total("message_bytes") { $0.ingest.payloadBytes },
                total("replies") { $0.ingest.replies },
                total("failed_groups") { $0.ingest.failedCommits },
                total("broker_logins") { $0.ingest.logins },
                total("log_entries") { $0.log.written },
                total("log_dropped", [("kind", "payload")]) { $0.log.droppedPayloads },
                total("log_dropped", [("kind", "other")]) { $0.log.droppedOthers },
            ]
            + ConnectionEvent.Kind.allCases.map { kind in
                total("connection_events", [("kind", kind.rawValue)]) { $0.connections[kind] ?? 0 }
            }
    }

    /// All metrics as text, with these brought up to date.
    func measured(_ metrics: TextMetrics) -> String {
        measure()
        return metrics.text
    }

    private func measure() {
        serving.set(loop.state == .serving ? 1 : 0)
        saved.set(brokerBytes())
        certificate.set(certificateEnd() ?? 0)
        counted.withLock { counted in
            let now = Numbers(ingest: loop.counts, connections: connections.counts, log: log.counts)
            for total in totals {
                let (more, before) = (total.number(now), counted.map(total.number) ?? 0)
                if more > before { total.counter.increment(by: more - before) }
            }
            counted = now
        }
    }
}
