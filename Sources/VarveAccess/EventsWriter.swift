// EventsWriter.swift — the plugin's side of the events file: appends lines, within bounds.
//
// The broker runs while the service is away, so what happened is kept in a file until a service reads it. The first
// line names the file by a random number; a full file is renamed and another one begun, so at most two are kept.
//
// Invariants:
// - A line is one `write`; a crash leaves whole lines and at most one torn one at the end.
// - Refused and denied events take at most `floodLimit` lines a second; the others are counted in one line.
// - A failure to write never disturbs the broker.

package import VarveFile

/// Appends connection events.
package final class EventsWriter {
    private let path: String
    private let files: any FileSystem
    private var file: (any File)?
    private var size = 0
    private var second: Int64 = 0
    private var written = 0
    private var left = 0

    package static let sizeLimit = 4 << 20
    package static let floodLimit = 100
    static let header = "varve-events\t1\t"

    package init(_ path: String, files: any FileSystem = POSIXFileSystem()) {
        self.path = path
        self.files = files
    }

    /// Appends an event.
    package func add(_ event: ConnectionEvent) {
        let now = event.time / 1_000_000_000
        if now != second { finishSecond(now, event.time) }
        switch event.kind {
        case .refused, .deniedPublish, .deniedSubscribe:
            guard written < Self.floodLimit else {
                left += 1
                return
            }
            written += 1
        default: break
        }
        append(event.line)
    }

    /// Tells how many events of the last second were left out, once that second is over.
    package func tick(_ time: Int64) {
        if time / 1_000_000_000 != second { finishSecond(time / 1_000_000_000, time) }
    }

    private func finishSecond(_ now: Int64, _ time: Int64) {
        if left > 0 {
            append(ConnectionEvent(time: time, kind: .more, reason: "\(left) more refused or denied").line)
        }
        (second, written, left) = (now, 0, 0)
    }

    private func append(_ line: [UInt8]) {
        do {
            if file == nil || size > Self.sizeLimit { try open() }
            try file?.append(line)
            size += line.count
        } catch {
            // The next event tries anew; the broker's own work must go on.
            file?.close()
            file = nil
        }
    }

    private func open() throws {
        file?.close()
        file = nil
        if size == 0, case .file(let old)? = try files.kind(path) { size = old }
        if size > Self.sizeLimit {
            try files.rename(path, to: path + EventsReader.olderSuffix)
            size = 0
        }
        let opened = try files.open(path, .append)
        size = try opened.size()
        if size == 0 {
            let header = Array("\(Self.header)\(String(UInt64.random(in: 0 ... .max), radix: 16))\n".utf8)
            try opened.append(header)
            size = header.count
        } else if try opened.readBytes(count: 1, at: size - 1) != [0x0A] {
            // A torn line of a crash is ended, so that the next one stands alone.
            try opened.append([0x0A])
            size += 1
        }
        file = opened
    }
}
