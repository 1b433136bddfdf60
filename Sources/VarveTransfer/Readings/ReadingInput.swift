// ReadingInput.swift — a file or stream whose rows are sent on instead of imported: the same reading, another end.
//
// Invariants:
// - The input is read whole before the first row is handed on, unless nothing is to be learnt from that.

package import VarveCodec
package import VarveFile
package import VarveModel

/// An open input with the file of its rejected rows.
package final class ReadingInput {
    /// Its name for messages.
    package let path: String
    /// Its size on disk.
    package let totalBytes: Int
    private let file: any File
    private let options: ImportOptions
    private let rejected: RejectedRows

    /// What a whole reading found.
    package struct Outcome {
        /// All rows, good or bad.
        package var rows: UInt64
        /// Rows with neither value nor quality.
        package var skipped: UInt64
    }

    /// Opens a file; a pipe is copied to a temporary file first, as a stream is.
    ///
    /// - Parameters:
    ///   - options: How the input is to be read; what else they say means nothing here.
    ///   - rejectedPath: Where rejected rows go.
    ///   - spoolFolder: Where the bytes of streams wait.
    package convenience init(
        path: String, options: ImportOptions, files: any FileSystem, rejectedPath: String, spoolFolder: String
    ) throws {
        let file = try files.open(path, .read)
        do {
            if case .other? = try files.kind(path) {
                try self.init(
                    stream: file, options: options, files: files, rejectedPath: rejectedPath,
                    spoolFolder: spoolFolder)
                file.close()
            } else {
                try self.init(
                    file, path: path, options: options, rejected: RejectedRows(files, path: rejectedPath))
            }
        } catch {
            file.close()
            throw error
        }
    }

    /// Copies a stream to a temporary file and opens that.
    package convenience init(
        stream: any File, options: ImportOptions, files: any FileSystem, rejectedPath: String,
        spoolFolder: String
    ) throws {
        let spool = try StreamSpool(stream, files: files, folder: spoolFolder)
        try self.init(
            spool.file, path: stream.path, options: options,
            rejected: RejectedRows(files, path: rejectedPath))
    }

    private init(_ file: any File, path: String, options: ImportOptions, rejected: RejectedRows) throws {
        self.file = file
        self.path = path
        self.options = options
        self.rejected = rejected
        totalBytes = try file.size()
    }

    deinit { file.close() }

    /// Rows rejected so far.
    package var rejectedCount: UInt64 { rejected.count }

    /// The first error of the file of rejected rows.
    package var rejectedFailure: FileError? { rejected.failure }

    /// The hash of the bytes on disk.
    ///
    /// - Parameter advanced: Is told how many bytes are hashed, every MiB.
    package func contentHash(_ advanced: (Int) throws -> Void) throws -> Hash128 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var hasher = Hasher128()
        var offset = 0
        while true {
            let count = try file.read(into: buffer, at: offset)
            if count == 0 { return hasher.finish() }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += count
            try advanced(offset)
        }
    }

    /// Hands all readings to a consumer.
    ///
    /// - Parameters:
    ///   - product: The product of rows that name none; rows of another one are rejected.
    ///   - types: Knows the types of points; nil: each value's text tells.
    /// - Throws: `FileError`, `DamagedInput`, `ImportError`, and what the consumer throws.
    package func read(
        product: String, types: (any PointDirectory)?, to consumer: any ReadingConsumer
    ) throws -> Outcome {
        let unit = try unit(consumer)
        var pass = ReadingPass(
            product: product, types: types, terms: RowTerms(unit: unit, zone: options.zone),
            rejected: rejected, consumer: consumer)
        let rows = try RowInput(file, path: path, options: options, sizes: ReadingSizes())
        rejected.head = rows.rejectsHead
        try rows.readRows(&pass)
        let outcome = try pass.finish()
        return Outcome(rows: outcome.rows, skipped: outcome.skipped)
    }

    /// Adds a row that was read well and could not be used.
    package func reject(line: Int, reason: String, text: UnsafeRawBufferPointer) {
        rejected.add(line: line, reason: reason, text: text)
    }

    /// Puts the file of rejected rows in place, or removes that of an earlier run if there are none.
    ///
    /// - Returns: The path, if there is a file.
    package func finishRejected() -> String? { rejected.finish() }

    private func unit(_ consumer: any ReadingConsumer) throws -> TimeUnit? {
        if let given = options.timeUnit, try InputCompression.isPlain(file) { return given }
        var options = options
        options.registers = false
        var survey = Survey(path: path, options: options) { bytesRead, rows in
            try consumer.advanced(.survey, bytesRead: bytesRead, rows: rows)
        }
        try RowInput(file, path: path, options: options, sizes: ReadingSizes()).readRows(&survey)
        if let given = options.timeUnit { return given }
        let findings = survey.findings()
        guard findings.times.hasIntegers else { return nil }
        if let unit = findings.times.unit { return unit }
        throw ImportError.mixedTimeUnits(path: path, units: findings.times.seenUnits.map(\.name))
    }
}
