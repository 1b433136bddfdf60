// DamagedStoreTests.swift — `varve verify` reports damage, and no command answers from damaged data.

import Foundation
import Testing
import VarveModel
import VarveQuery
import VarveSegment
import VarveStorage
import VarveTestSupport

extension EndToEndTests {
    @Suite struct DamagedStoreTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        @Test("a flipped bit is named with file and offset, and queries are refused or right")
        func flippedBits() throws {
            let seed: UInt64 = 31
            var generator = SeededGenerator(seed: seed)
            let file = try IndependentCalculation.generate(
                seed: 3, rows: 30_000, "generated.csv", in: sandbox)
            let store = try ImportedStore(file, in: sandbox)
            let few = [
                "pump 1,temperature,2025-01-01T00:00:00Z,1,0", "pump 1,state,2025-01-01T00:00:00Z,off,0",
            ]
            let header = "device,point,time,value,quality"
            let second = try sandbox.write(lines: [header] + few, "second.csv")
            #expect(try sandbox.varve("import", "--json", second).receipt()["accepted"] == 2)
            let devices = try store.devices()
            let answer = try rows(store, devices)
            for round in 1...20 {
                let (name, offset) = try flip(&generator, round)
                let place = Comment("seed \(seed), round \(round): \(name), byte \(offset)")
                let verify = try sandbox.varve("verify")
                #expect(verify.code == 1, place)
                #expect(verify.output.contains("\(name) is damaged at byte "), "\(place): \(verify.output)")
                let query = try sandbox.varve(
                    ["query", "--format", "csv"] + devices.flatMap { ["--device", $0] })
                if query.code == 0 {
                    #expect(try Data(contentsOf: URL(fileURLWithPath: query.outputPath)) == answer, place)
                } else {
                    #expect(query.code == 1 && query.errorLines.count == 1, "\(place): \(query.errors)")
                }
                try restore(name, offset)
            }
            #expect(try sandbox.varve("verify").code == 0)
        }

        @Test("200 flipped bits of a large store are each reported, and no series is answered wrongly")
        func largeStore() throws {
            let seed: UInt64 = 200
            var generator = SeededGenerator(seed: seed)
            let file =
                try Recording.beside.first?.path
                ?? IndependentCalculation.generate(seed: 4, rows: 150_000, "generated.csv", in: sandbox)
            #expect(try ImportedStore(file, in: sandbox).ending.code != 1)
            let answers = try sums(Store.open(sandbox.data, options: .reading))
            for round in 1...200 {
                let (name, offset) = try flip(&generator, round)
                let place = Comment("seed \(seed), round \(round): \(name), byte \(offset)")
                let damage = try Store.verify(sandbox.data).damage.filter { $0.file == name }
                #expect(!damage.isEmpty, place)
                // Reading everything takes long, so only every eighth damaged store is read as a whole.
                if round % 8 == 0, let store = try? Store.open(sandbox.data, options: .reading) {
                    for (series, sum) in try sums(store) where sum != nil {
                        #expect(sum == answers[series], "\(place), series \(series)")
                    }
                }
                try restore(name, offset)
            }
            #expect(try Store.verify(sandbox.data, deep: true).damage.isEmpty)
        }

        @Test("a row of the registry that Varve did not write is reported")
        func registry() throws {
            let file = try sandbox.write(
                lines: ["device,point,time,value", "T1,p,2024-01-01T00:00:00Z,1"], "a.csv")
            #expect(try sandbox.varve("import", "--register", file).code == 0)
            let python = try #require(Installation.find("python3"))
            let change = """
                import sqlite3, sys
                registry = sqlite3.connect(sys.argv[1])
                changed = registry.execute("UPDATE device SET asset = 'other'").rowcount
                registry.commit()
                sys.exit(0 if changed == 1 else 9)
                """
            let script = try sandbox.write(change.utf8, "change.py")
            let registry = "\(sandbox.data)/registry.sqlite"
            #expect(try sandbox.start(program: [python, script, registry]).wait().code == 0)
            let verify = try sandbox.varve("verify")
            #expect(verify.code == 1)
            #expect(verify.output.contains("registry.sqlite"), "\(verify.output)")
            // The history itself is undamaged.
            #expect(try sandbox.varve("query", "--device", "T1").code == 0)
        }

        @Test("a missing registry is damage only if there is data")
        func missingRegistry() throws {
            try FileManager.default.createDirectory(
                atPath: "\(sandbox.data)/manifests", withIntermediateDirectories: true)
            #expect(try sandbox.varve("verify").code == 0)
            let file = try sandbox.write(
                lines: ["device,point,time,value", "T1,p,2024-01-01T00:00:00Z,1"], "a.csv")
            #expect(try sandbox.varve("import", "--register", file).code == 0)
            try FileManager.default.removeItem(atPath: "\(sandbox.data)/registry.sqlite")
            let verify = try sandbox.varve("verify")
            #expect(verify.code == 1 && verify.output.contains("registry.sqlite"), "\(verify.output)")
        }

        private func rows(_ store: ImportedStore, _ devices: [String]) throws -> Data {
            try Data(contentsOf: URL(fileURLWithPath: store.query(devices)))
        }

        /// Flips a bit: first twice in each file in turn, then in files by chance, larger ones more often.
        private func flip(
            _ generator: inout SeededGenerator, _ round: Int
        ) throws -> (name: String, offset: Int) {
            var files: [String] = []
            for folder in ["manifests", "segments", "wal"] {
                let names =
                    (try? FileManager.default.contentsOfDirectory(atPath: "\(sandbox.data)/\(folder)")) ?? []
                files += names.sorted().map { "\(folder)/\($0)" }
            }
            let sizes = try files.map { try bytes($0).count }
            var name = files[round % files.count]
            var offset = Int.random(in: 0..<sizes[round % files.count], using: &generator)
            if round > 2 * files.count {
                offset = Int.random(in: 0..<sizes.reduce(0, +), using: &generator)
                var index = 0
                while offset >= sizes[index] {
                    offset -= sizes[index]
                    index += 1
                }
                name = files[index]
            }
            try restore(name, offset)
            return (name, offset)
        }

        /// Flips a bit at an offset.
        ///
        /// A second call undoes the first.
        private func restore(_ name: String, _ offset: Int) throws {
            var content = try bytes(name)
            content[offset] ^= 1 << UInt8(offset % 8)
            try content.write(to: URL(fileURLWithPath: "\(sandbox.data)/\(name)"))
        }

        private func bytes(_ name: String) throws -> Data {
            try Data(contentsOf: URL(fileURLWithPath: "\(sandbox.data)/\(name)"))
        }

        /// A hash of all samples of each series; nil for a series that cannot be read.
        private func sums(_ store: Store) throws -> [String: Int?] {
            let snapshot = store.snapshot()
            var sums: [String: Int?] = [:]
            for info in snapshot.series() {
                var hasher = Hasher()
                let isRead: Void? = try? snapshot.read(info.key, in: .all, order: .ascending) { columns in
                    hasher.combine(columns)
                    return true
                }
                let name = "\(info.key.product)/\(info.key.device)/\(info.key.point)"
                sums[name] = .some(isRead == nil ? nil : hasher.finalize())
            }
            return sums
        }
    }
}
