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
    private let files: any FileSystem
    private let spoolFolder: String

    /// What a whole reading found.
    package struct Outcome {
        /// All rows, good or bad.
        package var rows: UInt64
        /// Rows with neither value nor quality.
        package var skipped: UInt64
        /// The zones that local times were read in.
        package var zones: [ZoneUse]
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
                    file, path: path, options: options, rejected: RejectedRows(files, path: rejectedPath),
                    files: files,
                    spoolFolder: spoolFolder)
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
            rejected: RejectedRows(files, path: rejectedPath), files: files, spoolFolder: spoolFolder)
    }

    private init(
        _ file: any File, path: String, options: ImportOptions, rejected: RejectedRows, files: any FileSystem,
        spoolFolder: String
    ) throws {
        self.files = files
        self.spoolFolder = spoolFolder
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
        let numbers = try numericTimes(consumer)
        let pass = ReadingPass(
            product: product, types: types, missing: options.missing,
            passesOverUnknownPoints: options.isWide && options.ignoresColumns, rejected: rejected,
            consumer: consumer)
        let input = try RowInput(file, path: path, options: options, sizes: ReadingSizes())
        var rows = TimedRows(
            pass, numbers: numbers, options: options.local, directory: types, product: product,
            waiting: SetAsideRows(files, folder: spoolFolder), areMended: input.areMended)
        rejected.head = input.rejectsHead
        rejected.head.say(numbers)
        try input.readRows(&rows)
        try rows.finish()
        let outcome = try rows.inner.finish()
        return Outcome(rows: rows.lines, skipped: outcome.skipped, zones: rows.zones)
    }

    /// Adds a row that was read well and could not be used.
    package func reject(line: Int, reason: String, text: UnsafeRawBufferPointer) {
        rejected.add(line: line, reason: reason, text: text)
    }

    /// Puts the file of rejected rows in place, or removes that of an earlier run if there are none.
    ///
    /// - Returns: The path, if there is a file.
    package func finishRejected() -> String? { rejected.finish() }

    private func numericTimes(_ consumer: any ReadingConsumer) throws -> NumericTimes {
        if let given = options.timeUnit, try InputCompression.isPlain(file) {
            return NumericTimes(unit: given)
        }
        var survey = Survey(path: path, options: options, collectsSeries: false) { bytesRead, rows in
            try consumer.advanced(.survey, bytesRead: bytesRead, rows: rows)
        }
        try RowInput(file, path: path, options: options, sizes: ReadingSizes()).readRows(&survey)
        return try NumericTimes(survey.census, options: options, path: path)
    }
}
