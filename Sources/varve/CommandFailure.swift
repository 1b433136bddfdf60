// CommandFailure.swift — how a thrown error ends the program: one line on stderr and an exit code.
//
// Invariants:
// - Exit 0: done, or help or version asked for; 1: failed; 2: the command line is wrong.
// - An `ExitCode` that a command throws itself (3: some rows rejected) passes through and prints no line.
// - A reader that closes standard output (`varve export … | head`) is not a failure.
// - An error prints exactly one line. It begins with `varve: `, and line breaks in the error become spaces.

import ArgumentParser
import VarveFile

/// What a thrown error does to the program.
struct CommandFailure: Equatable {
    /// The exit code.
    var code: Int32
    /// What goes to stdout: the text of `--help` and `--version`.
    var output: String?
    /// The line that goes to stderr.
    var line: String?

    /// Exit code of a command line that cannot be understood.
    static let usageCode: Int32 = 2

    init(_ error: any Error) {
        if let exit = error as? ExitCode {
            self.init(code: exit.rawValue, output: nil, line: nil)
            return
        }
        if let closed = error as? FileError, closed.isClosedPipe {
            self.init(code: 0, output: nil, line: nil)
            return
        }
        switch Varve.exitCode(for: error) {
        case .success:
            self.init(code: 0, output: Varve.fullMessage(for: error), line: nil)
        case .validationFailure:
            let message = Varve.message(for: error)
            self.init(code: Self.usageCode, output: nil, line: Self.line(message + Self.hint(error)))
        default:
            let message = messageWithRemedy(error)
            self.init(code: ExitCode.failure.rawValue, output: nil, line: Self.line(message))
        }
    }

    private init(code: Int32, output: String?, line: String?) {
        self.code = code
        self.output = output
        self.line = line
    }

    /// Prints the output and the line, flushes standard output and ends the program.
    ///
    /// A failed flush turns a success into exit code 1, unless the reader closed the pipe.
    func end() -> Never {
        if let output { print(output) }
        var code = code
        var line = line
        do {
            try POSIXFile.flushStandardOutput()
        } catch {
            // The output is lost. That is a failure unless the reader closed the pipe.
            if line == nil, !error.isClosedPipe {
                (code, line) = (ExitCode.failure.rawValue, Self.line("\(error)"))
            }
        }
        if let line {
            var errors = StandardErrors()
            print(line, to: &errors)
        }
        Varve.exit(withError: ExitCode(code))
    }

    private static func line(_ message: String) -> String {
        "varve: " + message.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// The help command to read, from the last line that ArgumentParser would print (`See 'varve … --help'`).
    private static func hint(_ error: any Error) -> String {
        let lines = Varve.fullMessage(for: error).split(whereSeparator: \.isNewline)
        guard let last = lines.last, let start = last.firstIndex(of: "'"), let end = last.lastIndex(of: "'"),
            last.drop(while: \.isWhitespace).hasPrefix("See '"), start < end
        else { return " (see varve --help)" }
        return " (see \(last[last.index(after: start)..<end]))"
    }
}
