// IndependentReaderTests.swift — a reader written from the documents reads every sample of a store of real data.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct IndependentReaderTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        @Test(
            "a reader made from the format's documents agrees with the export of the repository's sample",
            .enabled(if: !Recording.inside.isEmpty, "the repository has no sample in Tools/sample-data"),
            arguments: Recording.inside)
        func sample(_ recording: Recording) throws {
            try check(recording)
        }

        @Test(
            "a reader made from the format's documents agrees with the exports of the recordings",
            .enabled(if: !Recording.beside.isEmpty, "no recordings: set VARVE_TEST_DATA to their folder"),
            arguments: Recording.beside)
        func recording(_ recording: Recording) throws {
            try check(recording)
        }

        private func check(_ recording: Recording) throws {
            let store = try ImportedStore(recording.path, in: sandbox)
            #expect(try sandbox.varve("compact", "--wait", "--quiet").code == 0)
            let export = "\(sandbox.path)/export.csv"
            #expect(try sandbox.varve("export", "--format", "csv", "--out", export, "--quiet").code == 0)
            let python = try #require(Installation.find("python3"))
            let script = Recording.repository
                .appendingPathComponent("Tests/VarveStorageTests/Independent/check_store.py").path
            let reading = try sandbox.start(
                program: [python, "-B", script, sandbox.data, export], input: "/dev/null"
            ).wait()
            #expect(reading.code == 0, "\(reading.errors)")
            let samples = try #require(try store.statistics()["samples"] as? Int)
            #expect(try String(contentsOfFile: reading.outputPath, encoding: .utf8) == "\(samples)\n")
        }
    }
}
