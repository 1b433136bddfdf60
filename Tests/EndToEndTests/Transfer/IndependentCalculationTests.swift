// IndependentCalculationTests.swift — counts and answers equal those of a calculation that shares no code with Varve.

import Foundation
import Testing
import VarveTestSupport
import VarveText

extension EndToEndTests {
    @Suite struct IndependentCalculationTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        @Test(
            "a file with every kind of row is imported and answered as calculated",
            arguments: [1, 2])
        func generated(seed: Int) throws {
            let file = try IndependentCalculation.generate(
                seed: seed, rows: 40_000, "generated.csv.gz", in: sandbox)
            try check(Recording(path: file), expectedCode: 3)
        }

        @Test(
            "the sample in the repository is imported and answered as calculated",
            .enabled(if: !Recording.inside.isEmpty, "the repository has no sample in Tools/sample-data"),
            arguments: Recording.inside)
        func sample(_ recording: Recording) throws {
            try check(recording, expectedCode: 0)
        }

        @Test(
            "the recordings are imported and answered as calculated",
            .enabled(if: !Recording.beside.isEmpty, "no recordings: set VARVE_TEST_DATA to their folder"),
            arguments: Recording.beside)
        func recording(_ recording: Recording) throws {
            let formats = Installation.isThorough ? ["csv", "ndjson"] : ["csv"]
            try check(recording, expectedCode: 0, formats: formats)
        }

        /// All checks of one file, on one imported store.
        private func check(
            _ recording: Recording, expectedCode: Int32, formats: [String] = ["csv", "ndjson"]
        ) throws {
            let store = try ImportedStore(recording.path, in: sandbox)
            #expect(store.ending.code == expectedCode, "\(store.ending.errors)")
            let receipt = try store.ending.receipt()
            let devices = try store.devices()
            let isSampled = recording.isLarge && !Installation.isThorough
            let questions = try questions(store, isSampled ? Array(devices.prefix(1)) : devices, receipt)
            let calculation = try IndependentCalculation.of(recording.path, questions, in: sandbox)
            #expect(receipt.counts == calculation.counts)
            #expect(receipt.addsUp)
            #expect(receipt.timeUnit == calculation.unit)
            #expect(try store.statistics()["samples"] as? Int == calculation.visible)
            #expect(calculation.results.count == questions.count)
            for (question, result) in zip(questions, calculation.results) {
                #expect(
                    result.problem == nil,
                    "\(question.kind) of \(recording), \(question.point ?? "all points")")
                #expect(result.rows > 0)
            }
            try checkAgain(store, receipt)
            // With a debug build, compacting and copying millions of rows takes minutes.
            guard !isSampled else { return }
            let answers = try store.answers(devices)
            try checkCompacted(store, devices: devices, answers)
            try checkRoundTrips(store, devices, answers, visible: calculation.visible, formats: formats)
        }

        /// Raw and hourly answers: for the devices together, for single series, and for a part of the time.
        private func questions(
            _ store: ImportedStore, _ devices: [String], _ receipt: PrintedReceipt
        ) throws -> [Comparison] {
            var questions: [Comparison] = []
            func ask(_ device: String?, _ point: String? = nil, _ range: Range<Int>? = nil) throws {
                var options = point.map { ["--point", $0] } ?? []
                // An integer of this size is read as nanoseconds.
                if let range { options += ["--from", "\(range.lowerBound)", "--to", "\(range.upperBound)"] }
                let rows = try store.query(device.map { [$0] } ?? devices, options)
                let (kind, hours) = try store.hours(device.map { [$0] } ?? devices, options)
                for (kind, output) in [(Comparison.Kind.rows, rows), (kind, hours)] {
                    questions.append(
                        Comparison(
                            kind: kind, output: output, device: device, point: point, from: range?.lowerBound,
                            to: range?.upperBound))
                }
                guard kind == .hours, let device, let point, let range else { return }
                // The range begins between two samples and ends long after the last one.
                let (from, to) = (range.lowerBound + 1, range.upperBound + 50 * 3_600_000_000_000)
                for (hold, more) in [(nil, []), (5_400_000_000_000, ["--hold", "90m"])] as [(Int?, [String])]
                {
                    let output = try store.query(
                        [device],
                        ["--point", point, "--from", "\(from)", "--to", "\(to)", "--every", "1h"] + more
                            + ["--agg", "count,twa,last", "--fill", "previous"])
                    questions.append(
                        Comparison(
                            kind: .held, output: output, device: device, point: point, from: from, to: to,
                            hold: hold))
                }
            }
            if devices.count > 1 { try ask(nil) }
            for device in devices.prefix(3) {
                try ask(device)
                let series = try store.query([device])
                let rows = try String(contentsOfFile: series, encoding: .utf8).split(separator: "\n")
                    .dropFirst()
                let middle = try #require(rows.isEmpty ? nil : rows[rows.startIndex + rows.count / 2])
                let fields = middle.split(separator: ",", omittingEmptySubsequences: false)
                try ask(device, String(fields[1]))
                // A range that begins and ends exactly at samples shows that the end is not part of it.
                let times = rows.filter { $0.hasPrefix("\(fields[0]),\(fields[1]),") }
                    .map { String($0.split(separator: ",", omittingEmptySubsequences: false)[2]) }
                let start = try nanoseconds(times[times.count / 3])
                let end = try nanoseconds(times[times.count * 2 / 3])
                if start < end { try ask(device, String(fields[1]), start..<end) }
            }
            return questions
        }

        private func nanoseconds(_ text: String) throws -> Int {
            let parts = text.dropLast().split(separator: ".")
            let date = try #require(try? Date("\(parts[0])Z", strategy: .iso8601))
            let fraction = parts.count > 1 ? parts[1].padding(toLength: 9, withPad: "0", startingAt: 0) : "0"
            return Int(date.timeIntervalSince1970) * 1_000_000_000 + (Int(fraction) ?? 0)
        }

        /// Checks that importing the same file again changes nothing.
        private func checkAgain(_ store: ImportedStore, _ receipt: PrintedReceipt) throws {
            let before = try sandbox.contents(of: "\(sandbox.data)/segments")
            let bytes = try #require(try store.statistics()["bytes"] as? Int)
            let again = try sandbox.varve("import", "--register", "--json", "--quiet", store.file).receipt()
            #expect(again["accepted"] == 0)
            #expect(again["corrected"] == 0)
            #expect(again["replayed"] == again["rows"] - again["rejected"] - again["skipped"])
            #expect(again["rows"] == receipt["rows"])
            let growth = try #require(try store.statistics()["bytes"] as? Int) - bytes
            #expect(growth <= 1024, "importing again added \(growth) bytes")
            #expect(try sandbox.contents(of: "\(sandbox.data)/segments").count <= before.count + 1)
        }

        /// Checks that compaction changes no answer.
        private func checkCompacted(_ store: ImportedStore, devices: [String], _ answers: [Data]) throws {
            #expect(try sandbox.varve("compact", "--wait", "--quiet").code == 0)
            #expect(try store.answers(devices) == answers)
            #expect(try sandbox.varve("verify", "--deep").code == 0)
        }

        /// Checks that an export gives the same answers in another store.
        private func checkRoundTrips(
            _ store: ImportedStore, _ devices: [String], _ answers: [Data], visible: Int, formats: [String]
        ) throws {
            for format in formats {
                let exported = "\(sandbox.path)/export.\(format)"
                #expect(
                    try sandbox.varve("export", "--format", format, "--out", exported, "--quiet").code == 0)
                let copy = "\(sandbox.path)/copy-\(format)"
                let ending = try sandbox.varve(
                    ["import", "--register", "--json", "--quiet", exported], data: copy)
                #expect(ending.code == 0, "\(ending.errors)")
                let receipt = try ending.receipt()
                #expect(receipt["accepted"] == visible && receipt["rows"] == visible, "\(format): \(receipt)")
                #expect(try store.answers(devices, data: copy) == answers, "\(format)")
            }
        }
    }
}
