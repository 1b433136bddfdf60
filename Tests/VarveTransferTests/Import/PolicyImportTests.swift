// PolicyImportTests.swift — rows of a file under the policy of their product.

import Synchronization
import Testing
import VarveModel
import VarveTestSupport

@testable import VarveTransfer

@Suite struct PolicyImportTests {
    /// Points of a `FakeDirectory` under policies.
    private final class Policies: PointDirectory {
        struct Treatment {
            var name: String?
            var isStored = true
            var processing: ValueProcessing?
            var mark: UInt64 = 0
            var storedRule: ValueRule?
            /// Why the line does not fit.
            var obstacle: String?
        }

        private let base: FakeDirectory
        private let treatments: [String: Treatment]
        /// The answers of `policyVersion`; the last one stays.
        private let versions: Mutex<[UInt64]>

        init(_ base: FakeDirectory, _ treatments: [String: Treatment], versions: [UInt64] = [1]) {
            self.base = base
            self.treatments = treatments
            self.versions = Mutex(versions)
        }

        func lookUp(product: String?, device: String, point: String) throws -> PointLookup {
            let answer = try base.lookUp(product: product, device: device, point: point)
            guard case .found(let found) = answer else { return answer }
            return underPolicy(found)
        }

        func underPolicy(_ point: RegisteredPoint) -> PointLookup {
            var found = point
            guard let treatment = treatments[found.key.point] else { return .found(found) }
            found.key.point = treatment.name ?? found.key.point
            found.processing = treatment.processing
            found.policyMark = treatment.mark
            found.storedRule = treatment.storedRule
            if let obstacle = treatment.obstacle { return .unfit(found, reason: obstacle) }
            return treatment.isStored ? .found(found) : .notStored(found)
        }

        func policyVersion() -> UInt64 {
            versions.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? 0 }
        }

        func timeZone(product: String?, device: String) -> String? {
            base.timeZone(product: product, device: device)
        }
        func model(ofProduct product: String) -> String? { base.model(ofProduct: product) }
        func hasPoint(_ point: String, product: String) -> Bool { base.hasPoint(point, product: product) }
        func noteZones(_ zones: [DeviceZone], remembers: Bool) -> [DeviceZone] {
            base.noteZones(zones, remembers: remembers)
        }
        func generation() throws -> UInt64 { try base.generation() }
        func register(_ registration: Registration) throws -> Int { try base.register(registration) }
    }

    private let fixture: TransferFixture

    init() throws { fixture = try TransferFixture() }

    private func run(
        _ text: String, _ treatments: [String: Policies.Treatment], versions: [UInt64] = [1],
        _ options: ImportOptions = ImportOptions()
    ) throws -> ImportResult {
        var limits = BatchLimits()
        limits.rows = 4
        let importer = Importer(
            sink: fixture.store, directory: Policies(fixture.directory, treatments, versions: versions),
            files: fixture.files, spoolFolder: fixture.folder, options: options, progress: nil,
            sizes: ReadingSizes(), limits: limits)
        return try importer.importFile(try fixture.write(text))
    }

    private func values(_ point: String) -> [Value?] {
        fixture.store.samples(SeriesKey(product: "P", device: "A", point: point)).map(\.value)
    }

    @Test("values are processed, a point is renamed, and one that is not stored is skipped")
    func treated() throws {
        let result = try run(
            """
            device,point,time,value
            A,t,2024-01-01T00:00:00Z,2
            A,n,2024-01-01T00:00:00Z,5
            A,b,2024-01-01T00:00:00Z,no bool
            A,s,2024-01-01T00:00:00Z,text
            A,t,2024-01-01T00:00:01Z,NaN
            A,t,2024-01-01T00:00:02Z,900

            """,
            [
                "t": .init(name: "kelvin", processing: ValueProcessing(scale: 0.5, offset: 10, maximum: 100)),
                "n": .init(processing: ValueProcessing(scale: 3)), "b": .init(isStored: false),
            ])
        #expect(result.receipt.accepted == 5 && result.receipt.skipped == 1 && result.notStored == 1)
        #expect(result.receipt.rejected == 0 && result.receipt.samples == 6)
        let kelvin = values("kelvin")
        #expect(kelvin.count == 3 && kelvin.first == .double(11) && kelvin.last == .double(100))
        #expect(values("n") == [.int64(15)] && values("t").isEmpty)
        #expect(result.jsonLine(seconds: 0).contains("\"notStored\":1"))
    }

    @Test("a value that its type cannot hold afterwards is rejected, with the reason")
    func refused() throws {
        let result = try run(
            "device,point,time,value\nA,n,2024-01-01T00:00:00Z,9223372036854775807\nA,n,2024-01-01T00:00:01Z,1\n",
            ["n": .init(processing: ValueProcessing(scale: 2))])
        #expect(result.receipt.rejected == 1 && result.receipt.accepted == 1)
        #expect(try fixture.reasons().first?.contains("and the policy of its product makes a value") == true)
    }

    @Test("what a policy makes of a value must fit the data type of the point as which it is stored")
    func storedRule() throws {
        let result = try run(
            """
            device,point,time,value
            A,n,2024-01-01T00:00:00Z,1
            A,n,2024-01-01T00:00:01Z,77
            A,s,2024-01-01T00:00:00Z,2024-05-01 10:00:00
            A,s,2024-01-01T00:00:01Z,soon

            """,
            [
                "n": .init(
                    name: "code", processing: ValueProcessing(scale: 2),
                    storedRule: .integerEnumeration(keys: [0, 2])),
                "s": .init(name: "day", storedRule: .date),
            ])
        #expect(result.receipt.accepted == 2 && result.receipt.rejected == 2)
        #expect(values("code") == [.int64(2)] && values("day") == [.string("2024-05-01 10:00:00")])
        let reasons = try fixture.reasons().joined(separator: "\n")
        #expect(reasons.contains("which is ENUM, and 154 is not one of the keys 0, 2"), "\(reasons)")
        #expect(reasons.contains("which is DATE, and soon is not a date and time"), "\(reasons)")
    }

    @Test("rows of a point whose line does not fit are rejected, as are rows of two types for one name")
    func unfit() throws {
        let rows = ["A,t,2024-01-01T00:00:00Z,2.5", "A,n,2024-01-01T00:00:01Z,9007199254740993"]
        for (index, order) in [rows, rows.reversed()].enumerated() {
            let text = "device,point,time,value\n" + order.joined(separator: "\n") + "\n"
            let line = try run(text, ["n": .init(name: "t", obstacle: "the line does not fit")])
            #expect(line.receipt.rejected == 1 && line.receipt.samples == 2)
            #expect(try fixture.reasons().contains { $0.contains("the line does not fit") })
            // Also if the directory says nothing: the first name decides.
            let mixed = try run(
                text.replacing("2024", with: "202\(index + 5)"),
                ["t": .init(name: "u\(index)"), "n": .init(name: "u\(index)")])
            #expect(mixed.receipt.rejected == 1 && mixed.receipt.accepted == 1)
            #expect(values("u\(index)") == [index == 0 ? .double(2.5) : .int64(9_007_199_254_740_993)])
        }
    }

    @Test("two names that mean one series are each processed in their own way")
    func alias() throws {
        fixture.directory.change { $0.points["M"]?["u"] = .double }
        _ = try run(
            "device,point,time,value\nA,t,2024-01-02T00:00:00Z,1\nA,u,2024-01-02T00:00:01Z,1\n",
            ["u": .init(name: "t", processing: ValueProcessing(scale: 7))])
        #expect(values("t") == [.double(1), .double(7)])
    }

    @Test("a batch carries the sum of the marks of its points, also of those that are not stored")
    func marks() throws {
        _ = try run(
            "device,point,time,value\nA,t,2024-01-01T00:00:00Z,1\nA,t,2024-01-01T00:00:01Z,1\nA,b,2024-01-01T00:00:00Z,1\n",
            ["t": .init(mark: 5), "b": .init(isStored: false, mark: 11)])
        _ = try run("device,point,time,value\nA,n,2024-01-01T00:00:00Z,1\n", ["t": .init(mark: 5)])
        #expect(fixture.store.batches.map(\.policyMark) == [16, 0])
    }

    @Test("a policy that changes while a file is read ends the import, and says what to do")
    func changed() throws {
        let rows = (0..<20).map { "A,t,2024-01-01T00:00:\($0 + 10)Z,\($0)\n" }.joined()
        let failure = #expect(throws: ImportError.self) {
            _ = try run("device,point,time,value\n" + rows, [:], versions: [1, 1, 1, 2])
        }
        #expect(
            failure == .policyChanged && "\(ImportError.policyChanged)".contains("run the same command again")
        )
        #expect(fixture.store.batches.count < 3)
    }
}
