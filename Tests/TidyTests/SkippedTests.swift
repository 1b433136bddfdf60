// SkippedTests.swift — Tools/count-tests names skipped tests, and continuous integration allows those on a list only.

import Foundation
import Testing

@Suite("Skipped tests are counted and named")
struct SkippedTests {
    private static let list = ".ci/skipped-tests"
    private static let listed = "VarveStorageTests.GoldenTests/make()"

    /// Counts a run with these test cases; the code and the lines of the count.
    private func count(_ cases: String, isCI: Bool) throws -> (code: Int32, lines: [Substring]) {
        let results = FileManager.default.temporaryDirectory.appending(path: "varve-\(UUID()).xml")
        defer { try? FileManager.default.removeItem(at: results) }
        try "<testsuites><testsuite>\(cases)</testsuite></testsuites>"
            .write(to: results, atomically: true, encoding: .utf8)
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [Repository.root.path + "/Tools/count-tests", results.path, "0"]
        process.environment = ["CI": isCI ? "true" : "false", "PYTHONDONTWRITEBYTECODE": "1"]
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: bytes, as: UTF8.self).split(separator: "\n"))
    }

    private static let passed = #"<testcase classname="A.B" name="c()" time="1" />"#
    private static let skipped =
        #"<testcase classname="A.B" name="d()"><skipped>no strace</skipped></testcase>"#
    private static let allowed =
        #"<testcase classname="VarveStorageTests.GoldenTests" name="make()"><skipped /></testcase>"#
    private static let failed = #"<testcase classname="A.B" name="e()"><failure message="x" /></testcase>"#

    @Test("a skipped test that is not on the list fails the run in continuous integration, and nowhere else")
    func unlisted() throws {
        let here = try count(Self.passed + Self.skipped, isCI: false)
        #expect(here.code == 0 && here.lines.last == "1 passed, 0 failed, 1 skipped")
        #expect(here.lines.first == "skipped: A.B/d(): no strace (an error with CI=true)")
        let there = try count(Self.passed + Self.skipped, isCI: true)
        #expect(there.code == 1 && there.lines.last == "1 passed, 0 failed, 1 skipped")
        #expect(there.lines.first?.contains("does not allow") == true)
    }

    @Test("a skipped test on the list is named and allowed; a failed one fails the run")
    func listed() throws {
        let ending = try count(Self.passed + Self.allowed, isCI: true)
        #expect(ending.code == 0)
        #expect(
            ending.lines == [
                "skipped: \(Self.listed): no reason told", "1 passed, 0 failed, 1 skipped",
            ])
        #expect(try count(Self.passed + Self.failed, isCI: false).code == 1)
        #expect(try count(Self.allowed, isCI: false).code == 1, "nothing was tested")
    }

    @Test("the list names tests that exist, each with a reason")
    func names() throws {
        let list = try #require(Repository.files.first { $0.path == Self.list })
        let tests = Repository.files.filter { $0.path.hasPrefix("Tests/") && $0.isSwift }
        for line in list.lines where !line.isEmpty && !line.hasPrefix("#") {
            let words = line.split(separator: " ", maxSplits: 1)
            let parts = words[0].split(whereSeparator: { "./(".contains($0) })
            #expect(words.count == 2 && parts.count >= 3, "\(line)")
            let (suite, function) = (parts[1], parts[2])
            let exists = tests.contains {
                $0.path.hasSuffix("/\(suite).swift") && $0.text.contains("func \(function)(")
            }
            #expect(exists, "\(line)")
        }
    }
}
