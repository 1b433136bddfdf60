// ReportHandler.swift — writes the service's reports to standard error, one line each: `varve: warning: …`.
//
// A line has no time and no source file. systemd's journal adds the time, and most readers want to know what happened,
// not in which file.

import Logging
import VarveFile
import VarveModel
import VarveText

/// The service's backend of swift-log.
struct ReportHandler: LogHandler {
    let label: String
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let details = (event.metadata ?? [:]).merging(metadata) { mine, _ in mine }
            .sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let text = (["\(event.message)"] + details).joined(separator: ", ").split(whereSeparator: \.isNewline)
            .joined(separator: " ").visible
        let level = event.level == .info ? "" : "\(event.level): "
        // If a report cannot be written, there is no place left to report that.
        try? POSIXFile.standardError().append(Array("\(label): \(level)\(text)\n".utf8))
    }
}
