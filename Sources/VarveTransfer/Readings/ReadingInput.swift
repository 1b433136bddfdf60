// ReadingInput.swift — reads a file or stream as an import does, but hands the rows to a consumer that sends them on.
//
// Invariants:
// - The input is read whole before the first row is handed on, except a plain file whose unit of times is given.

package import VarveCodec
package import VarveFile
package import VarveModel

/// An open input with the file of its rejected rows.
package final class ReadingInput {
    /// Its name for messages.
    let path: String
    /// Its size on disk.
    package let totalBytes: Int
    private let file: any File
    private let options: ImportOptions
    private let rejected: RejectedRows
    private let files: any FileSystem
    private let spoolFolder: String

    /// The result of a whole reading.
    package struct Outcome {
        /// All rows, good or bad.
        package var rows: UInt64
        /// Rows with neither value nor quality.
        package var skipped: UInt64
        /// The zones that local times were read in.
        package var zones: [ZoneUse]
    }

    /// Opens a file; a pipe is copied to a temporary file first, like a stream.
    ///
    /// - Parameters:
    ///   - options: How the input is read; options of registering and committing have no effect.
    ///   - rejectedPath: Where rejected rows go.
    ///   - spoolFolder: The folder of temporary copies of streams.
    /// - Throws: `FileError`.
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

    /// Copies a stream of at most 64 GiB to a temporary file and opens the copy.
    ///
    /// - Throws: `FileError`.
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

    /// The number of rows rejected so far.
    package var rejectedCount: UInt64 { rejected.count }

    /// The first rejected row; nil without one.
    package var firstRejected: RejectedRow? { rejected.first }

    /// The first error in writing the file of rejected rows; nil without an error.
    package var rejectedFailure: FileError? { rejected.failure }

    /// The hash of the bytes on disk, before unpacking.
    ///
    /// Cost: reads the whole file once.
    ///
    /// - Parameter advanced: Gets the number of bytes hashed so far, after each MiB; an error from it ends the hashing.
    /// - Throws: `FileError`, and what `advanced` throws.
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
    ///   - types: Knows the types of points; nil: the text of each value decides.
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
        rejected.head.addTimeUnit(for: numbers)
        try input.readRows(&rows)
        try rows.finish()
        let outcome = try rows.inner.finish()
        return Outcome(rows: rows.lines, skipped: outcome.skipped, zones: rows.zones)
    }

    /// Adds a row that was read but could not be used to the rejected rows.
    package func reject(line: Int, reason: String, text: UnsafeRawBufferPointer) {
        rejected.add(line: line, reason: reason, text: text)
    }

    /// Syncs the file of rejected rows and puts it in place; without rejected rows, removes the file of an earlier run.
    ///
    /// - Returns: The path of the file; nil if nothing was rejected or the file could not be written.
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
