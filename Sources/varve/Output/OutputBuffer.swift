// OutputBuffer.swift — collects output bytes and hands them on in large pieces.
//
// Invariants:
// - When the reader closes the output (`varve query … | head`), nothing more is written and `isOpen` is false. That
//   is not an error.

import Glibc
import VarveFile
import VarveModel
import VarveText

/// Takes the bytes of an output.
protocol ByteSink: AnyObject {
    /// Writes all bytes.
    ///
    /// - Returns: False if the reader has closed the output.
    /// - Throws: Any other error of writing.
    func write(_ bytes: UnsafeRawBufferPointer) throws -> Bool
}

/// The standard output of the process.
final class StandardOutputSink: ByteSink {
    private let file = POSIXFile.standardOutput()

    init() {
        // A closed pipe then gives an error instead of a signal that kills the process in the middle of its work.
        POSIXFile.reportClosedPipes()
    }

    /// Whether the output is a terminal.
    var isTerminal: Bool { file.isTerminal }

    /// Characters in a line of the terminal: the variable COLUMNS, else what the terminal says, else 80.
    var terminalWidth: Int {
        if let variable = getenv("COLUMNS"), let columns = Int(String(cString: variable)) { return columns }
        return file.terminalColumns ?? 80
    }

    /// Waits for the given time, or until the reader closes the output.
    ///
    /// - Returns: Whether the reader has closed it.
    func waitForLostReader(milliseconds: Int) -> Bool {
        file.waitForLostReader(milliseconds: milliseconds)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
        do {
            try file.append(bytes)
            return true
        } catch let error where error.isClosedPipe {
            return false
        }
    }
}

/// Gathers text for a sink.
///
/// Every call that passes text on throws the errors of the sink.
final class OutputBuffer {
    private let sink: any ByteSink
    private var text = TextBuffer(pieceBytes: 1 << 16)
    /// Whether somebody still reads the output.
    private(set) var isOpen = true

    init(_ sink: any ByteSink) {
        self.sink = sink
    }

    /// Adds bytes, and passes everything on once 64 KiB have gathered.
    func append(_ more: [UInt8]) throws {
        text.append(more)
        if text.isFull { try flush() }
    }

    /// Adds a text in the same way.
    func append(_ more: String) throws {
        text.append(more)
        if text.isFull { try flush() }
    }

    /// Adds the first `count` samples as rows.
    func append(_ samples: SampleColumns, count: Int, by writer: inout SampleRowWriter) throws {
        let end = min(count, samples.count)
        var next = 0
        while next < end {
            next = writer.append(samples, next..<end, to: &text)
            if text.isFull { try flush() }
        }
    }

    /// Passes on everything; drops it if the reader has closed the output.
    func flush() throws {
        defer { text.removeAll() }
        guard isOpen, text.count > 0 else { return }
        isOpen = try text.withBytes { try sink.write($0) }
    }
}
