// ConnectionEventWriter.swift — appends events to the events file, and begins a new file when it is full.
//
// Invariants:
// - A file has one writer: the plugin of the broker that owns the folder.
// - A line is one `write(2)` at the end of the file. A partial line, left by a full disk or a crash, is ended
//   before the next line, so it damages no other line.
// - The two files together take at most twice the size limit.

public import VarveFile

/// Writes the events file.
public struct ConnectionEventWriter {
    private let path: String
    private let sizeLimit: Int
    private let files = POSIXFileSystem()
    private var file: (any File)?
    private var stamp: FileStamp?
    private var size = 0
    private var throttle: EventThrottle

    /// Makes a writer, which opens the file at the first event.
    ///
    /// - Parameters:
    ///   - path: The path of the file, `connections.log` in the broker's folder.
    ///   - sizeLimit: The size in bytes from which a new file is begun.
    public init(path: String, sizeLimit: Int = 4 << 20) {
        self.path = path
        self.sizeLimit = sizeLimit
        throttle = EventThrottle()
    }

    /// Writes an event, or counts it if there are too many of its kind in this second.
    ///
    /// Durability: the line is not synced. Events of the last seconds before a power failure may be lost.
    ///
    /// - Parameter now: A clock that never goes back, in nanoseconds.
    /// - Throws: `FileError` if a line cannot be written. The next call opens the file again.
    public mutating func record(_ event: ConnectionEvent, now: Int64) throws(FileError) {
        let counts = throttle.counts(now: now)
        let isAdmitted = throttle.admits(event, now: now)
        for count in counts { try write(count) }
        if isAdmitted { try write(event) }
    }

    /// Writes the counts of a second that is over, and closes the file if it was moved away.
    public mutating func tick(now: Int64) throws(FileError) {
        for count in throttle.counts(now: now) { try write(count) }
        guard file != nil else { return }
        let found = try files.stamp(path)
        if found?.node != stamp?.node || found?.device != stamp?.device { close() }
    }

    /// Writes the counts so far and closes the file.
    public mutating func finish() throws(FileError) {
        defer { close() }
        for count in throttle.finish() { try write(count) }
    }

    private mutating func write(_ event: ConnectionEvent) throws(FileError) {
        let line = event.encode()
        if file != nil, size + line.count > sizeLimit { try rotate() }
        if file == nil { try open() }
        do throws(FileError) {
            try file?.append(line)
            size += line.count
        } catch {
            // A line that a full disk cut off is ended when the file is opened again.
            close()
            throw error
        }
    }

    private mutating func close() {
        file?.close()
        file = nil
    }

    private mutating func rotate() throws(FileError) {
        close()
        try files.rename(path, to: ConnectionEventFile.older(path))
    }

    private mutating func open() throws(FileError) {
        if case .file(let found)? = try files.kind(path) {
            let old = try files.open(path, .append)
            if found < sizeLimit, try ConnectionEventFile.identity(of: old) != nil {
                if try old.readBytes(count: 1, at: found - 1) != [TabText.lineFeed] {
                    try old.append([TabText.lineFeed])
                }
                return try adopt(old)
            }
            old.close()
            try rotate()
        }
        var generator = SystemRandomNumberGenerator()
        let header = ConnectionEventFile.header(identity: generator.next())
        let result = header.withUnsafeBytes { bytes -> Result<Void, FileError> in
            Result { () throws(FileError) in try files.replacePrivately(path, bytes) }
        }
        try result.get()
        try adopt(try files.open(path, .append))
    }

    private mutating func adopt(_ opened: any File) throws(FileError) {
        file = opened
        size = try opened.size()
        stamp = try files.stamp(path)
    }
}
