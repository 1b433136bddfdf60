// OutputBuffer.swift — collects output bytes and hands them on in large pieces.
//
// Invariants:
// - After the reader of the output went away (`varve query … | head`), nothing more is written, `isOpen` is
//   false, and that is no error.

import Glibc

/// Takes the bytes of an output.
protocol ByteSink: AnyObject {
    /// Writes all bytes.
    ///
    /// - Returns: False if nobody reads them any more.
    func write(_ bytes: [UInt8]) throws -> Bool
}

/// The standard output of the process.
final class StandardOutputSink: ByteSink {
    /// Why writing failed, as one line for the user.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init() {
        // A closed pipe is then told by EPIPE and does not kill the process in the middle of its work.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Whether the output is a terminal.
    var isTerminal: Bool { isatty(1) == 1 }

    /// Characters in a line of the terminal: the variable COLUMNS, else what the terminal says, else 80.
    var terminalWidth: Int {
        if let variable = getenv("COLUMNS"), let columns = Int(String(cString: variable)) { return columns }
        var size = winsize()
        return ioctl(1, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    func write(_ bytes: [UInt8]) throws -> Bool {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(1, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written >= 0 {
                    rest = rest.dropFirst(written)
                } else if errno == EPIPE {
                    return false
                } else if errno != EINTR {
                    throw Failure(
                        description: "cannot write the output: \(String(cString: strerror(errno)))")
                }
            }
            return true
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
