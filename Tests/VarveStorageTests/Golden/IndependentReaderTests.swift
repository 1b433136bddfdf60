// IndependentReaderTests.swift — a reader in another language, written from the documents, reads the golden segment.

import Glibc
import Testing
import VarveFile
import VarveModel

@testable import VarveStorage

@Suite struct IndependentReaderTests {
    private static let python = "/usr/bin/python3"
    private static let files = POSIXFileSystem()

    private static var hasPython: Bool { access(python, X_OK) == 0 }

    /// Runs the reader and returns its output, line by line.
    private static func read(_ segment: String) throws -> [String] {
        let scratch = try TemporaryDirectory()
        let output = "\(scratch.path)/output"
        let script = GoldenStore.folder() + "/../Independent/read_segment.py"
        let types = ValueType.allCases.map(\.name).joined(separator: ",")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o644)
        let words = [python, script, segment, "--types", types, "--samples"]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { word in strdup(word) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var variables = [strdup("PYTHONDONTWRITEBYTECODE=1"), strdup("PYTHONIOENCODING=utf-8"), nil]
        defer { for variable in variables { free(variable) } }
        var process: pid_t = 0
        #expect(posix_spawn(&process, python, &actions, nil, &arguments, &variables) == 0)
        var status: Int32 = 0
        #expect(waitpid(process, &status, 0) == process && status == 0)
        let text = String(decoding: try files.readAll(output), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    /// A sample as the reader prints it.
    private static func line(_ series: Int, _ sample: Sample, commit: Int) -> String {
        let value: String
        switch sample.value {
        case .double(let number)?:
            let digits = String(number.bitPattern, radix: 16)
            value = String(repeating: "0", count: 16 - digits.count) + digits
        case .int64(let number)?: value = "\(number)"
        case .bool(let truth)?: value = truth ? "1" : "0"
        case .string(let text)?, .json(let text)?: value = text
        case nil: value = ""
        }
        let quality = sample.quality.map(String.init) ?? ""
        return "\(series)\t\(sample.time.nanoseconds)\t\(commit)\t\(value)\t\(quality)"
    }

    @Test("it gives every sample of the golden segment", .enabled(if: hasPython))
    func golden() throws {
        let folder = GoldenStore.folder() + "/v1/segments"
        let name = try #require(try Self.files.list(folder).first { $0.hasSuffix(".segment") })
        let expected = ValueType.allCases.enumerated().flatMap { series, type in
            (0..<200).map {
                Self.line(series, GoldenStore.sample(type, $0), commit: $0 < 120 ? 1 : 2)
            }
        }
        #expect(try Self.read("\(folder)/\(name)") == expected)
    }
}
