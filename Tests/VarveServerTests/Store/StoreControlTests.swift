// StoreControlTests.swift — the service's handler with a real store, through a real socket.

import Synchronization
import Testing
import VarveControl
import VarveFile
import VarveModel
import VarveRegistry
import VarveSegment
import VarveServer
import VarveStorage
import VarveTestSupport

@Suite struct StoreControlTests {
    /// How often the reading of messages was paused.
    private final class Noted: Sendable {
        let pauses = Mutex(0)
    }

    /// A service without a broker, and a client of it.
    private final class Service {
        let folder: TemporaryFolder
        let store: ServiceStore
        let registry: Registry
        let server: ControlServer
        let client: ControlClient
        let noted: Noted

        init() throws {
            folder = try TemporaryFolder()
            store = try ServiceStore(path: folder.path)
            registry = try Registry.open(path: folder.path + "/registry.sqlite", create: true)
            try registry.create(Model(id: "turbine", points: [MeasurementPoint(id: "p", type: .double)]))
            try registry.create(Product(key: "wind", model: "turbine"))
            let identity = ServiceIdentity(
                version: "1", processID: 7, startedAt: Timestamp(nanoseconds: 0))
            let noted = Noted()
            self.noted = noted
            let control = StoreControl(
                identity: identity, store: store, brokerState: { "no broker" },
                registryChanged: { throw StorageError.needsReopen("the credentials") }, registry: registry,
                pausing: {
                    noted.pauses.withLock { $0 += 1 }
                    return try $0()
                })
            server = try ControlServer(directory: folder.path, handler: control)
            client = try #require(try ControlClient.connect(directory: folder.path))
        }

        deinit {
            server.stop()
            try? store.close()
        }
    }

    @Test(
        "an import that has rows of a device which is deleted meanwhile ends, and what comes of others does not"
    )
    func deletedDevice() throws {
        let service = try Service()
        let device = Device(product: Messages.key.product, key: Messages.key.device)
        try service.registry.create(device)
        try service.registry.create(Device(product: "wind", key: "other"))
        try service.client.beginImport()
        func part(_ index: UInt32) -> SampleBatch {
            let first = Int(index) * 5
            return Messages.batch(first..<first + 5, part: .init(index: index, isLast: false))
        }
        _ = try service.client.commit(part(0))
        try service.registry.deleteDevice(named: "other")
        _ = try service.client.commit(part(1))
        try service.registry.deleteDevice(named: device.qualifiedName)
        let failure = #expect(throws: ControlError.self) { _ = try service.client.commit(part(2)) }
        #expect(
            failure?.description.contains("device \(device.qualifiedName) was deleted while the import ran")
                == true,
            "\(String(describing: failure))")
        #expect(service.store.lastCommit == 2)
    }

    @Test("a batch through the socket is a commit like any other, and a replay is known")
    func commit() throws {
        let service = try Service()
        let (client, store) = (service.client, service.store)
        try client.beginImport()
        let batch = Messages.batch(0..<5, part: .init(index: 0, isLast: true))
        let outcome = try client.commit(batch)
        #expect(outcome.receipt.accepted == 5 && outcome.commit == 1)
        #expect(try client.assess(batch).isReplay)
        #expect(try client.commit(Messages.batch(0..<6)).receipt.identical == 5)
        #expect(try client.horizon() == 2 && store.lastCommit == 2)
        #expect(try client.storedType(of: Messages.key) == .double)
        try client.endImport()
        try client.flush()
        #expect(try client.status().broker == "no broker")
    }

    @Test("a refusal of the store, a failure and a stopping service are reported as what they are")
    func errors() throws {
        let service = try Service()
        let (client, store) = (service.client, service.store)
        _ = try client.commit(Messages.batch(0..<5))
        let refused = #expect(throws: ControlError.self) {
            try client.commit(Messages.batch(0..<5, type: .int64))
        }
        #expect(refused?.refusesBatch == true)
        #expect(refused?.reason == "point p of device T1 holds double values, not int64")
        let failed = #expect(throws: ControlError.self) { try client.registryChanged() }
        #expect(failed?.kind == .failed)
        try store.close()
        let stopping = #expect(throws: ControlError.self) { try client.commit(Messages.batch(5..<6)) }
        #expect(stopping?.kind == .notWritable)
    }

    @Test("a type is changed in the store and in the registry, while no message is read and no import runs")
    func typeChange() throws {
        let service = try Service()
        let (client, store, registry) = (service.client, service.store, service.registry)
        _ = try client.commit(Messages.batch(0..<5))
        let order = TypeChange(model: "turbine", point: "p", type: .int64, missing: ["3"], dropsUnfit: false)
        let importer = try #require(try ControlClient.connect(directory: service.folder.path))
        try importer.beginImport()
        let busy = #expect(throws: ControlError.self) { try client.changeType(order) }
        #expect(busy?.kind == .importRunning)
        try importer.endImport()
        let counts = try client.changeType(order)
        #expect(counts.series == 1 && counts.samples == 5 && counts.converted == 4 && counts.skipped == 1)
        #expect(counts.commit == 2 && store.lastCommit == 2)
        #expect(try store.storedType(of: Messages.key) == .int64)
        #expect(try registry.model("turbine").points.map(\.type) == [.int64])
        #expect(try client.commit(Messages.batch(0..<5, type: .int64)).receipt.identical == 4)
        #expect(service.noted.pauses.withLock { $0 } == 1)
        var unknown = order
        unknown.point = "q"
        let failure = #expect(throws: ControlError.self) { try client.changeType(unknown) }
        #expect(failure?.reason.contains("no point \"q\": see its points with varve model show") == true)
    }

    @Test("a compaction in the service reports what it did")
    func compaction() throws {
        let service = try Service()
        let client = service.client
        for _ in 0..<2 {
            for round in 0..<2 {
                _ = try client.commit(Messages.batch(round * 5..<round * 5 + 6))
                try client.flush()
            }
        }
        let counts = try client.compact()
        #expect(counts.segments == 2 && counts.samplesIn == 11 && counts.dropped == 0)
        #expect(counts.bytesIn > 0 && counts.bytesOut > 0)
    }

    @Test(
        "a list has each row once over its pages, also if rows come and go between them, and can begin after any key"
    )
    func names() throws {
        let service = try Service()
        let (client, registry) = (service.client, service.registry)
        let rows = (0..<2500).map { "D\(1000 + $0),wind" }
        _ = try registry.importRows(
            .devices, from: Array((["device,product"] + rows).joined(separator: "\n").utf8), named: "d.csv",
            isTimeZone: { _ in true })
        let all = try registry.devices().map(\.key)
        #expect(try client.names(.devices).map { $0[1] } == all)
        var seen: [String] = []
        _ = try client.names(.devices) { row in
            // At the first row of the second page, the rows around it are changed.
            if seen.count == 1000 {
                for key in ["D1000", "D1999", "D2300"] {
                    _ = try? registry.deleteDevice(named: "wind/\(key)")
                }
                try? registry.create(Device(product: "wind", key: "D1000x"))
                try? registry.create(Device(product: "wind", key: "D3499x"))
            }
            seen.append(row[1] ?? "")
            return true
        }
        // The second page was made before the change.
        #expect(seen == all + ["D3499x"])
        let later = try client.names(.devices, after: ["wind", "D2299"]) { ($0[1] ?? "") < "D2303" }
        #expect(later.map { $0[1] } == ["D2301", "D2302"])
        #expect(try client.names(.devices, after: ["wine", ""]).isEmpty)
        for number in 0..<1500 {
            try registry.extendModel(
                "turbine", points: [MeasurementPoint(id: "q\(number)", type: .bool)],
                features: [ModelFeature(.event, "e\(number)"), ModelFeature(.attribute, "a\(number)")])
        }
        #expect(try client.names(.points).map { $0[1] } == ["p"] + (0..<1500).map { "q\($0)" })
        #expect(
            try client.names(.features).map { $0[2] } == (0..<1500).map { "e\($0)" }
                + (0..<1500).map { "a\($0)" })
        let wrong = #expect(throws: ControlError.self) { try client.names(.points, after: ["turbine", "x"]) }
        #expect(wrong?.reason.contains("no position in a list") == true)
    }
}
