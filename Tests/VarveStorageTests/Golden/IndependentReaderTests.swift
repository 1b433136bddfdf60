// IndependentReaderTests.swift — a reader in another language, written from the documents, reads the golden segment.

import Glibc
import Testing
import VarveCodec
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct IndependentReaderTests {
    private static let python = "/usr/bin/python3"
    private static let files = POSIXFileSystem()

    private static var hasPython: Bool { access(python, X_OK) == 0 }

    /// Runs the reader of segments and returns its output, line by line.
    private static func read(_ segment: String) throws -> [String] {
        let types = GoldenStore.types.map(\.name).joined(separator: ",")
        return try run("read_segment.py", [segment, "--types", types, "--samples"])
    }

    /// Runs a script and returns its output, line by line.
    private static func run(_ name: String, _ options: [String]) throws -> [String] {
        let scratch = try TemporaryDirectory()
        let output = "\(scratch.path)/output"
        let script = GoldenStore.folder() + "/../Independent/\(name)"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o644)
        let words = [python, script] + options
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

    @Test(
        "the independent reader gives every sample of the golden segments", .enabled(if: hasPython),
        arguments: ["v1", "v2"])
    func golden(version: String) throws {
        let folder = GoldenStore.folder() + "/\(version)/segments"
        let name = try #require(try Self.files.list(folder).first { $0.hasSuffix(".segment") })
        let expected = ValueType.allCases.enumerated().flatMap { series, type in
            (0..<(version == "v1" ? 200 : 225)).map {
                Self.line(series, GoldenStore.sample(type, $0), commit: $0 < 120 ? 1 : $0 < 200 ? 2 : 3)
            }
        }
        let more = zip(5..., GoldenStore.extras).flatMap { series, samples in
            samples.map { Self.line(series, $0, commit: 1) }
        }
        #expect(try Self.read("\(folder)/\(name)") == expected + more)
    }

    @Test(
        "the independent reader gives the replaced series of the golden manifests", .enabled(if: hasPython),
        arguments: ["v4", "v5"])
    func replacements(version: String) throws {
        let directory = StoreFolder(GoldenStore.folder() + "/\(version)", on: Self.files)
        let (manifest, _) = try #require(try ManifestLog.load(directory))
        let path = directory.absolute(StoreFolder.manifest(manifest.number))
        let written = manifest.replacements.map(\.writtenAt)
        #expect(written.count == (version == "v5" ? 2 : 0))
        let expected = zip(["9\t%\t8\t5", "10\t%\t9\t7"], written).map { line, time in
            line.split(separator: "%").joined(separator: "\(time)")
        }
        #expect(try Self.run("read_manifest.py", [path]) == expected)
    }

    @Test(
        "the independent reader gives the converted samples of the golden folder with replaced series",
        .enabled(if: hasPython))
    func converted() throws {
        let folder = GoldenStore.folder() + "/v5/segments"
        var lines: [String] = []
        let types = GoldenStore.types.map(\.name) + ["string", "double"]
        for name in try Self.files.list(folder) where name.hasSuffix(".segment") {
            lines += try Self.run(
                "read_segment.py",
                ["\(folder)/\(name)", "--types", types.joined(separator: ","), "--samples"])
        }
        let spare = GoldenStore.extras[0] + [GoldenStore.sample(.double, 999)]
        let texts = spare.enumerated().compactMap { index, sample in
            sample.converted(to: .string).map { Self.line(8, $0, commit: index < 10 ? 1 : 8) }
        }
        let numbers = GoldenStore.extras[2].compactMap { sample in
            sample.converted(to: .double).map { Self.line(9, $0, commit: 1) }
        }
        #expect(lines.filter { $0.hasPrefix("8\t") } == texts)
        #expect(lines.filter { $0.hasPrefix("9\t") } == numbers)
    }

    @Test("the independent reader gives every message of the golden messages file", .enabled(if: hasPython))
    func messages() throws {
        let folder = GoldenStore.folder() + "/v2/segments"
        let name = try #require(try Self.files.list(folder).first { $0.hasSuffix(".messages") })
        let hash = ContentHash.of(GoldenStore.rows(200..<225))
        #expect(try Self.run("read_messages.py", ["\(folder)/\(name)"]) == ["\(hash)\t3"])
    }

    @Test("the independent reader gives every message of a file of several pieces", .enabled(if: hasPython))
    func manyMessages() throws {
        let directory = try TemporaryDirectory()
        try Self.files.createDirectory("\(directory.path)/segments")
        var random = SeededGenerator(seed: 5)
        let entries = (0..<5000).map {
            MessageEntry(hash: Hash128(low: random.next(), high: random.next()), commit: $0)
        }
        let reference = try MessageMerge.write(
            [], and: entries, clock: 7, StoreFolder(directory.path, on: directory.files))
        let name = StoreFolder.immutable(reference.id, .messages)
        let expected = entries.sorted().map { "\($0.hash)\t\($0.commit)" }
        #expect(try Self.run("read_messages.py", ["\(directory.path)/\(name)"]) == expected)
    }
}
