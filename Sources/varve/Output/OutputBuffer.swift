// OutputBuffer.swift — collects output bytes and hands them on in large pieces.
//
// Invariants:
// - After the reader of the output went away (`varve query … | head`), nothing more is written, `isOpen` is
//   false, and that is no error.

import Glibc
import VarveFile

/// Takes the bytes of an output.
protocol ByteSink: AnyObject {
    /// Writes all bytes.
    ///
    /// - Returns: False if nobody reads them any more.
    func write(_ bytes: [UInt8]) throws -> Bool
}

/// The standard output of the process.
final class StandardOutputSink: ByteSink {
    private let file = POSIXFile.standardOutput()

    init() {
        // A reader that went away is then told by an error and does not kill the process in the middle of its work.
        POSIXFile.reportClosedPipes()
    }

    /// Whether the output is a terminal.
    var isTerminal: Bool { file.isTerminal }

    /// Characters in a line of the terminal: the variable COLUMNS, else what the terminal says, else 80.
    var terminalWidth: Int {
        if let variable = getenv("COLUMNS"), let columns = Int(String(cString: variable)) { return columns }
        return file.terminalColumns ?? 80
    }

    /// Waits some time, or until nobody reads the output any more.
    ///
    /// - Returns: Whether nobody reads it any more.
    func waitForLostReader(milliseconds: Int) -> Bool {
        file.waitForLostReader(milliseconds: milliseconds)
    }

    func write(_ bytes: [UInt8]) throws -> Bool {
        do {
            try file.append(bytes)
            return true
        } catch let error where error.isClosedPipe {
            return false
        }
    }
}

/// Bytes on their way to a sink.
final class OutputBuffer {
    private static let pieceBytes = 1 << 16

    private let sink: any ByteSink
    private var bytes: [UInt8] = []
    /// Whether somebody still reads the output.
    private(set) var isOpen = true

    init(_ sink: any ByteSink) {
        self.sink = sink
        bytes.reserveCapacity(2 * OutputBuffer.pieceBytes)
    }

    /// Adds bytes and passes on what has become a large piece.
    func append(_ more: some Collection<UInt8>) throws {
        bytes.append(contentsOf: more)
        if bytes.count >= OutputBuffer.pieceBytes { try flush() }
    }

    /// Adds a text.
    func append(_ text: String) throws {
        try append(text.utf8)
    }

    /// Passes on everything.
    func flush() throws {
        defer { bytes.removeAll(keepingCapacity: true) }
        guard isOpen, !bytes.isEmpty else { return }
        isOpen = try sink.write(bytes)
    }
}
